from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import NOTES, grant

READ = ("customers.view_note", "customers.view_mention")


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("customers"), verbosity=0)
    for role in ("Officer", "Senior officer", "Support"):
        grant(current, role, NOTES)
    grant(current, "Auditor", *READ)
    grant(current, "Admin", NOTES, *READ)


class Migration(migrations.Migration):
    dependencies = [("portal", "0019_clocks_for_auditors"), ("customers", "0016_notes")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
