from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("cards"), verbosity=0)
    grant(current, "Admin", "cards.view_cardclock")


class Migration(migrations.Migration):
    dependencies = [("portal", "0009_quality_thresholds"), ("cards", "0007_card_clocks_and_fewer_indexes")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
