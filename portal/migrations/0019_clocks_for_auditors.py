from django.apps import apps as current
from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    grant(current, "Auditor", "cards.view_cardclock")


class Migration(migrations.Migration):
    dependencies = [("portal", "0018_seals_to_read")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
