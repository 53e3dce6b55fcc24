from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("customers"), verbosity=0)
    acts = ("view", "add", "change", "delete")
    grant(current, "Admin", *[f"customers.{act}_qualitythreshold" for act in acts])


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_rejection_reasons"), ("customers", "0007_releasing_and_thresholds")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
