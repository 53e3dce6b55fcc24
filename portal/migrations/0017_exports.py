from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("audit"), verbosity=0)
    grant(current, "Auditor", "audit.export_event", "audit.make_case_file")
    grant(current, "Senior officer", "audit.make_case_file")
    grant(current, "Admin", "audit.export_event")


class Migration(migrations.Migration):
    dependencies = [("portal", "0016_five_roles"), ("audit", "0003_permissions")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
