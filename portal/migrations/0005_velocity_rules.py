from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django writes permissions after the last migration; the groups need them now.
    create_permissions(current.get_app_config("cards"), verbosity=0)
    grant(current, "Officer", "cards.view_velocityrule")
    grant(current, "Support", "cards.view_velocityrule")
    grant(current, "Admin", "cards.view_velocityrule", "cards.change_velocityrule")


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_money"), ("cards", "0004_authorizations")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
