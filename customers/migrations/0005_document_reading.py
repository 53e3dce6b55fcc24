from django.db import migrations, models

import vault.fields


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_first_reasons"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="reading",
            field=vault.fields.EncryptedJSONField(
                blank=True, help_text="What was read from its images, by side.", null=True
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="reading_due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("reading_due_at__isnull", False)),
                fields=["reading_due_at"],
                name="document_due_for_reading",
            ),
        ),
    ]
