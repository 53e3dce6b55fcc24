from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import customers.wanted


def read_answers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Name what open and refused requests want: the answers themselves stand encrypted."""
    requests = apps.get_model("customers", "EnablementRequest").objects.exclude(status="ENABLED")
    for request in requests.iterator(chunk_size=1000):
        request.save(update_fields=["wanted_requirements", "wanted_documents", "refused_keys"])


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0016_notes"),
    ]

    operations = [
        migrations.AddField(
            model_name="enablementrequest",
            name="refused_keys",
            field=customers.wanted.NamesField(
                base_field=models.TextField(),
                blank=True,
                default=list,
                editable=False,
                read=customers.wanted.refused_keys,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="enablementrequest",
            name="wanted_documents",
            field=customers.wanted.NamesField(
                base_field=models.TextField(),
                blank=True,
                default=list,
                editable=False,
                help_text="Types of which one would do.",
                read=customers.wanted.wanted_documents,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="enablementrequest",
            name="wanted_requirements",
            field=customers.wanted.NamesField(
                base_field=models.TextField(),
                blank=True,
                default=list,
                editable=False,
                read=customers.wanted.wanted_requirements,
                size=None,
            ),
        ),
        migrations.RunPython(read_answers, migrations.RunPython.noop),
    ]
