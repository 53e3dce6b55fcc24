from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant

READ = ("desk.view_case", "desk.view_spell", "desk.view_target")


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django writes permissions after the last migration; the groups need them now.
    create_permissions(current.get_app_config("desk"), verbosity=0)
    grant(current, "Officer", "desk.work_case")
    grant(current, "Senior officer", "desk.work_case", "desk.assign_case")
    grant(current, "Auditor", *READ)
    grant(current, "Admin", *READ, "desk.change_target")


class Migration(migrations.Migration):
    dependencies = [("portal", "0020_notes"), ("desk", "0001_cases")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
