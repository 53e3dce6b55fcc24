import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

import vault.fields

CREATE_SEQUENCE = "CREATE SEQUENCE audit_event_seq"
DROP_SEQUENCE = "DROP SEQUENCE audit_event_seq"
OWN_SEQUENCE = "ALTER SEQUENCE audit_event_seq OWNED BY audit_event.seq"
DISOWN_SEQUENCE = "ALTER SEQUENCE audit_event_seq OWNED BY NONE"

# Two things a session may ask for by name, and neither of them changes what is on record:
#   vault.rotating        `rotate_data_keys` seals `detail` again with the newest key; no other column may differ
#   audit.allow_truncate  test runs empty all tables between tests; nothing in production sets it
CREATE_FUNCTION = """
CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('audit.allow_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('vault.rotating', true) = 'on' THEN
        IF to_jsonb(NEW) - 'detail' = to_jsonb(OLD) - 'detail' AND (NEW.detail IS NULL) = (OLD.detail IS NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_event is append-only: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', TABLE = 'audit_event', CONSTRAINT = 'event_append_only',
              HINT = 'Record another event that corrects this one. A test run sets audit.allow_truncate to on.';
END
$$
"""
DROP_FUNCTION = "DROP FUNCTION audit_event_append_only()"

CREATE_ROW_TRIGGER = """
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_append_only()
"""
CREATE_TRUNCATE_TRIGGER = """
CREATE TRIGGER event_never_emptied BEFORE TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()
"""
DROP_ROW_TRIGGER = "DROP TRIGGER event_append_only ON audit_event"
DROP_TRUNCATE_TRIGGER = "DROP TRIGGER event_never_emptied ON audit_event"


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(CREATE_SEQUENCE, DROP_SEQUENCE),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "seq",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("audit_event_seq"), function="nextval"),
                        editable=False,
                        unique=True,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_name", models.CharField(blank=True, max_length=150)),
                ("kind", models.CharField(max_length=60)),
                ("object_type", models.CharField(blank=True, max_length=100)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("customer_id", models.UUIDField(null=True)),
                ("detail", vault.fields.EncryptedJSONField(null=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("web", "Web"),
                            ("worker", "Worker"),
                            ("webhook", "Webhook"),
                            ("command", "Command"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ip", models.GenericIPAddressField(null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["at"], name="event_at"),
                    models.Index(
                        condition=models.Q(("customer_id__isnull", False)),
                        fields=["customer_id", "seq"],
                        name="event_customer",
                    ),
                    models.Index(fields=["kind", "seq"], name="event_kind"),
                    models.Index(fields=["actor_name", "seq"], name="event_actor"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["web", "worker", "webhook", "command"])),
                        name="event_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", ""), _negated=True), name="event_names_its_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor_id__isnull", True), ("actor_name", "")),
                            models.Q(("actor_id__isnull", False), models.Q(("actor_name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="event_actor_named",
                    ),
                ],
            },
        ),
        migrations.RunSQL(OWN_SEQUENCE, DISOWN_SEQUENCE),
        migrations.RunSQL(CREATE_FUNCTION, DROP_FUNCTION),
        migrations.RunSQL(CREATE_ROW_TRIGGER, DROP_ROW_TRIGGER),
        migrations.RunSQL(CREATE_TRUNCATE_TRIGGER, DROP_TRUNCATE_TRIGGER),
    ]
