import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("provider", "0005_circuit_turns_and_outages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ShapeChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("FIELD", "Field"),
                            ("WORD", "Status or other word"),
                            ("EVENT", "Kind of delivery"),
                            ("CODE", "Error code"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        help_text="The call that was answered, or the delivery.", max_length=160, verbose_name="where"
                    ),
                ),
                ("what", models.CharField(max_length=160)),
                ("sample", models.CharField(max_length=200, verbose_name="looks like")),
                ("times", models.PositiveBigIntegerField()),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen")),
                ("last_seen_at", models.DateTimeField(verbose_name="last seen")),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True, verbose_name="acknowledged")),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change of shape",
                "verbose_name_plural": "changes of shape",
                "ordering": ["-last_seen_at"],
                "permissions": [("acknowledge_shapechange", "Can acknowledge a change of shape")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=Q(("acknowledged_at", None)),
                        fields=["-last_seen_at"],
                        name="shape_change_to_acknowledge",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "place", "what"), name="one_row_per_change_of_shape"),
                    models.CheckConstraint(
                        condition=Q(("kind__in", ["FIELD", "WORD", "EVENT", "CODE"])),
                        name="shape_change_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("acknowledged_at", None), ("acknowledged_by", None)),
                            Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="acknowledgement_says_who_and_when",
                    ),
                ],
            },
        ),
    ]
