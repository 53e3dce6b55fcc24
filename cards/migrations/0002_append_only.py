from django.db import migrations

CREATE_FUNCTION = """
CREATE FUNCTION cards_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$
"""
CREATE_TRIGGER = """
CREATE TRIGGER transaction_event_append_only BEFORE UPDATE OR DELETE ON cards_transactionevent
FOR EACH ROW EXECUTE FUNCTION cards_append_only()
"""
DROP_TRIGGER = "DROP TRIGGER transaction_event_append_only ON cards_transactionevent"


class Migration(migrations.Migration):
    dependencies = [("cards", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE_FUNCTION, "DROP FUNCTION cards_append_only()"),
        migrations.RunSQL(CREATE_TRIGGER, DROP_TRIGGER),
    ]
