import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_capture"),
        ("cards", "0009_permissions_of_roles"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="card",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'cards.card', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="e6274d6712f46df90a7338d74ddfed48eda6fe01",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_6dfe0",
                    table="cards_card",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="velocityrule",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'cards.velocityrule', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="a8eff17fdb5992937c2fe89d08c2780735a9a58a",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_5a47f",
                    table="cards_velocityrule",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
