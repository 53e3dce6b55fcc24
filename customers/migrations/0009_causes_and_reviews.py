import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0008_erasing"),
        ("provider", "0004_hasten_calls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="requirementsnapshot",
            name="call",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Whose answer this was, where it was not a mere look.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="snapshots",
                to="provider.providercall",
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="call",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Whose answer led to it, where one did.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="status_changes",
                to="provider.providercall",
            ),
        ),
        migrations.AddIndex(
            model_name="enablementrequest",
            index=models.Index(
                condition=models.Q(("status", "IN_KYC")), fields=["submitted_at"], name="request_in_review"
            ),
        ),
        migrations.AddIndex(
            model_name="enablementrequest",
            index=models.Index(
                condition=models.Q(("decided_at__isnull", False), ("submitted_at__isnull", False)),
                fields=["-decided_at"],
                name="request_reviewed",
            ),
        ),
        migrations.AddIndex(
            model_name="requirementsnapshot",
            index=models.Index(condition=models.Q(("call__isnull", False)), fields=["call"], name="snapshot_call"),
        ),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(condition=models.Q(("call__isnull", False)), fields=["call"], name="status_change_call"),
        ),
    ]
