from django.apps import apps as current
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_permissions(current.get_app_config("customers"), verbosity=0)
    grant(current, "Officer", "customers.view_discrepancy", "customers.decide_discrepancy")
    grant(
        current, "Admin", "customers.view_discrepancy", "customers.decide_discrepancy",
        "customers.decide_any_discrepancy", "customers.view_comparison", "customers.run_comparison",
        "customers.view_comparisonclock", "customers.view_listedrecord",
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("portal", "0011_turns_of_beat"), ("customers", "0010_comparisons")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
