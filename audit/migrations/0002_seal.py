import django.contrib.postgres.fields
from django.db import migrations, models

# As for the log itself, a test run that empties all tables sets audit.allow_truncate; nothing in production does.
CREATE_FUNCTION = """
CREATE FUNCTION audit_seal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('audit.allow_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'audit_seal is append-only: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', TABLE = 'audit_seal', CONSTRAINT = 'seal_append_only';
END
$$
"""
DROP_FUNCTION = "DROP FUNCTION audit_seal_append_only()"

CREATE_ROW_TRIGGER = """
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
FOR EACH ROW EXECUTE FUNCTION audit_seal_append_only()
"""
CREATE_TRUNCATE_TRIGGER = """
CREATE TRIGGER seal_never_emptied BEFORE TRUNCATE ON audit_seal
FOR EACH STATEMENT EXECUTE FUNCTION audit_seal_append_only()
"""
DROP_ROW_TRIGGER = "DROP TRIGGER seal_append_only ON audit_seal"
DROP_TRUNCATE_TRIGGER = "DROP TRIGGER seal_never_emptied ON audit_seal"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_event")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                (
                    "seqs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="The numbers of the rows, ascending.", size=None
                    ),
                ),
                ("digests", models.BinaryField(help_text="32 bytes for each row.")),
                (
                    "drawn",
                    models.BigIntegerField(help_text="The number up to which every row is sealed or waited for."),
                ),
                ("waiting", models.JSONField(default=list)),
                ("key_id", models.CharField(max_length=8)),
                ("mac", models.BinaryField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(CREATE_FUNCTION, DROP_FUNCTION),
        migrations.RunSQL(CREATE_ROW_TRIGGER, DROP_ROW_TRIGGER),
        migrations.RunSQL(CREATE_TRUNCATE_TRIGGER, DROP_TRUNCATE_TRIGGER),
    ]
