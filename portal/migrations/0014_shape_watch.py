from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("provider"), verbosity=0)
    grant(current, "Admin", "provider.view_shapechange", "provider.acknowledge_shapechange")


class Migration(migrations.Migration):
    dependencies = [("portal", "0013_circuit"), ("provider", "0006_shape_changes")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
