from django.db import migrations, models

# A record of the portal's own says so for the rest of its transaction: one act is one record.
CREATE_RECORDED = """
CREATE FUNCTION audit_event_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('audit.recorded', 'on', true);
    RETURN NEW;
END
$$
"""
CREATE_RECORDED_TRIGGER = """
CREATE TRIGGER event_recorded BEFORE INSERT ON audit_event
FOR EACH ROW WHEN (NEW.kind NOT LIKE 'row.%') EXECUTE FUNCTION audit_event_recorded()
"""

# Called by the triggers of each table, when a transaction ends that is not the portal's own.
CREATE_CAPTURE = """
CREATE FUNCTION audit_capture(
    operation text, label text, pk text, customer text, was jsonb, became jsonb, hidden text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present jsonb := coalesce(became, was);
    changed text[] := array(
        SELECT key FROM jsonb_object_keys(present) AS key WHERE was -> key IS DISTINCT FROM became -> key
    );
    person text := nullif(current_setting('audit.actor_id', true), '');
BEGIN
    IF changed = '{}' OR current_setting('audit.recorded', true) = 'on' THEN
        RETURN;
    END IF;
    INSERT INTO audit_event (
        id, actor_id, actor_name, kind, object_type, object_id, customer_id, source, ip, request_id, captured
    ) VALUES (
        gen_random_uuid(),
        person::bigint,
        CASE WHEN person IS NULL THEN '' ELSE current_setting('audit.actor_name') END,
        CASE operation WHEN 'INSERT' THEN 'row.added' WHEN 'UPDATE' THEN 'row.changed' ELSE 'row.removed' END,
        label,
        present ->> pk,
        (present ->> customer)::uuid,
        CASE WHEN person IS NULL THEN 'database' ELSE 'web' END,
        coalesce(nullif(current_setting('audit.ip', true), '')::inet, inet_client_addr()),
        coalesce(current_setting('audit.request_id', true), ''),
        jsonb_strip_nulls(jsonb_build_object(
            'before', audit_captured(was, changed, hidden, 'hidden'),
            'after', audit_captured(became, changed, hidden, 'hidden, another value'),
            'note', format('As %s of PostgreSQL', session_user)
        ))
    );
END
$$
"""
CREATE_CAPTURED = """
CREATE FUNCTION audit_captured(row_ jsonb, changed text[], hidden text[], instead text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(
        key, CASE WHEN key = ANY(hidden) AND row_ -> key <> 'null' THEN to_jsonb(instead) ELSE row_ -> key END
    ) FROM unnest(changed) AS key WHERE row_ IS NOT NULL
$$
"""
DROP = """
DROP TRIGGER event_recorded ON audit_event;
DROP FUNCTION audit_event_recorded();
DROP FUNCTION audit_capture(text, text, text, text, jsonb, jsonb, text[]);
DROP FUNCTION audit_captured(jsonb, text[], text[], text);
"""

SOURCES = ["web", "worker", "webhook", "command", "database"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_permissions")]

    operations = [
        migrations.AlterModelOptions(name="seal", options={"default_permissions": ("view",)}),
        migrations.RemoveConstraint(model_name="event", name="event_source_known"),
        migrations.AlterField(
            model_name="event",
            name="source",
            field=models.CharField(
                choices=[
                    ("web", "Web"),
                    ("worker", "Worker"),
                    ("webhook", "Webhook"),
                    ("command", "Command"),
                    ("database", "Database"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(condition=models.Q(("source__in", SOURCES)), name="event_source_known"),
        ),
        migrations.AddField(
            model_name="event",
            name="captured",
            field=models.JSONField(help_text="What a trigger saw, where no action recorded it.", null=True),
        ),
        migrations.RunSQL([CREATE_RECORDED, CREATE_RECORDED_TRIGGER, CREATE_CAPTURED, CREATE_CAPTURE], DROP),
    ]
