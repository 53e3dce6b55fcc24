from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant

READS = ("people.view_foureyes", "people.view_approval")


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("people"), verbosity=0)
    grant(current, "Senior officer", "people.approve_card", "people.approve_document", "people.approve_replay")
    grant(current, "Auditor", *READS, "people.approve_export")
    grant(current, "Admin", *READS, "people.change_foureyes", "people.approve_replay", "people.approve_export")


class Migration(migrations.Migration):
    dependencies = [("portal", "0021_cases"), ("people", "0003_approvals")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
