from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("customers"), verbosity=0)
    grant(
        current, "Admin", "customers.view_rejectionreason", "customers.add_rejectionreason",
        "customers.change_rejectionreason", "customers.view_unknownreason", "customers.view_newkind",
        "customers.view_unsavedanswers",
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("portal", "0007_velocity_admin"), ("customers", "0003_reasons_kinds_and_unsaved")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
