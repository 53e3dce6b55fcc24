from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import ATTEND, create_roles, grant

REVEAL = "customers.reveal_personal_data"


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for config in current.get_app_configs():
        create_permissions(config, verbosity=0)
    create_roles(current)  # those that are new: Senior officer and Auditor
    grant(current, "Officer", *ATTEND, REVEAL, "customers.view_personal_data")
    grant(current, "Support", *ATTEND, REVEAL)
    grant(current, "Admin", *ATTEND, REVEAL)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_turns_of_beat_to_read"),
        ("customers", "0012_permissions_of_roles"),
        ("cards", "0009_permissions_of_roles"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
