from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import create_roles


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django writes permissions after the last migration; the groups need them now.
    for config in current.get_app_configs():
        create_permissions(config, verbosity=0)
    create_roles(current)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
        ("customers", "0002_append_only"),
        ("cards", "0002_append_only"),
        ("webhooks", "0001_initial"),
        ("provider", "0001_initial"),
        ("audit", "0001_event"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
