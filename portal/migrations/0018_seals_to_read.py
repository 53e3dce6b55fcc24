from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("audit"), verbosity=0)
    for role in ("Auditor", "Admin"):
        grant(current, role, "audit.view_seal")


class Migration(migrations.Migration):
    dependencies = [("portal", "0017_exports"), ("audit", "0004_capture")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
