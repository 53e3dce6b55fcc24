from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from customers.first_reasons import write_first_reasons


def write(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    write_first_reasons(apps.get_model("customers", "RejectionReason"))


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_reasons_kinds_and_unsaved")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
