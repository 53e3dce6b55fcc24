from importlib import import_module

from django.db import migrations

# Where the function came into being before it said how to find a customer's newest request.
READING = import_module("desk.migrations.0001_cases").READING.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_closed_cases")]

    operations = [migrations.RunSQL(READING, migrations.RunSQL.noop)]
