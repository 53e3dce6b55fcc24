from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django writes permissions after the last migration; the groups need them now.
    create_permissions(current.get_app_config("webhooks"), verbosity=0)
    grant(current, "Admin", "webhooks.reprocess", "webhooks.view_refusal")


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_roles"), ("webhooks", "0002_refusals_and_reprocessing")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
