import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_capture"),
        ("customers", "0012_permissions_of_roles"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.customer', 'id', 'id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{id_number,id_number_hash,answers}'\n            );\n            RETURN NULL;\n        ",
                    hash="a0cfdc3145c556b548f2a399dcdaee7264910f99",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_fd10f",
                    table="customers_customer",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="discrepancy",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.discrepancy', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{ours,theirs,values}'\n            );\n            RETURN NULL;\n        ",
                    hash="46fc3bbec9462e72db7618945dd2338050e860b4",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_e1f33",
                    table="customers_discrepancy",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="document",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.document', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{metadata,reading,override_reason}'\n            );\n            RETURN NULL;\n        ",
                    hash="0d004e95fbe95bd808f79d1c9c9139c395066b5b",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_0a8a6",
                    table="customers_document",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enablementrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.enablementrequest', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{missing_requirements,rejected_items}'\n            );\n            RETURN NULL;\n        ",
                    hash="aa367ae4617010bda26a81b62750729b19d7df1f",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_76c0a",
                    table="customers_enablementrequest",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualitythreshold",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.qualitythreshold', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="e7968e20d0d7261ac2a93839d07a3f30c57aff60",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_4b57c",
                    table="customers_qualitythreshold",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rejectionreason",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.rejectionreason', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="441a03559c77b653bd1da8b5d6aae106e3ef11b5",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_57fa3",
                    table="customers_rejectionreason",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="requirementsnapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.requirementsnapshot', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{missing_requirements,rejected_items,difference}'\n            );\n            RETURN NULL;\n        ",
                    hash="4cd984596f2a61e4b6ba7850af58695f13eafe4f",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_d5e0d",
                    table="customers_requirementsnapshot",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="statuschange",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'customers.statuschange', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="1e3de768e1b6224bffd8c4a8b4cb95c05a1eac7b",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_7130e",
                    table="customers_statuschange",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
