from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("cards"), verbosity=0)
    grant(current, "Senior officer", "cards.cancel_card")


class Migration(migrations.Migration):
    dependencies = [("portal", "0023_reports"), ("cards", "0013_cancel_card")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
