from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_seal")]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "default_permissions": ("view",),
                "permissions": [
                    ("export_event", "Can export the audit log"),
                    ("make_case_file", "Can make the case file of a customer"),
                ],
            },
        ),
    ]
