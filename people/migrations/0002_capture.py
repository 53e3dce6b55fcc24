import django.contrib.auth.models
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_capture"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("people", "0001_attempts_and_cache"),
    ]

    operations = [
        migrations.CreateModel(
            name="CapturedGroup",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.group",),
            managers=[
                ("objects", django.contrib.auth.models.GroupManager()),
            ],
        ),
        migrations.CreateModel(
            name="CapturedMembership",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.user_groups",),
        ),
        migrations.CreateModel(
            name="CapturedOwnRight",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.user_user_permissions",),
        ),
        migrations.CreateModel(
            name="CapturedPerson",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.user",),
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="CapturedRight",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.group_permissions",),
        ),
        migrations.CreateModel(
            name="CapturedSecondFactor",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("mfa.authenticator",),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedgroup",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'auth.group', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="e35adfe9a317f61b22edddfcba209254c1bc3f32",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_8e54e",
                    table="auth_group",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedmembership",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'auth.user_groups', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="0971866ca42a1b6eb16273ea208a8ea7c4191e47",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_89d19",
                    table="auth_user_groups",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedownright",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'auth.user_user_permissions', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="f20688a47752c7b432e064e26d3e49a07e388b75",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_c80a4",
                    table="auth_user_user_permissions",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedperson",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'auth.user', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{password}'\n            );\n            RETURN NULL;\n        ",
                    hash="41f5b82304ec0979418419854e4fd077880cb1ea",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_9e65f",
                    table="auth_user",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedright",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'auth.group_permissions', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="9dd0185bef8c5d0d5f10a8943864a89696da183b",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_7f2a0",
                    table="auth_group_permissions",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capturedsecondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'mfa.authenticator', 'id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{data}'\n            );\n            RETURN NULL;\n        ",
                    hash="e60216dc76fe2f1281c816951d97af6bc8ebf983",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_fc56c",
                    table="mfa_authenticator",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
