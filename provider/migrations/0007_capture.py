import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_capture"),
        ("provider", "0006_shape_changes"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="providercall",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'provider.providercall', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{payload,message}'\n            );\n            RETURN NULL;\n        ",
                    hash="a5ccdfffbaa13cce79606c3aec24f8dbb423e48a",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_3eed5",
                    table="provider_providercall",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
