import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import vault.fields

# Whom a customer waits for and why, from the rows alone. `since` is when that came to be, for a case that begins.
SIDE = """
CREATE FUNCTION desk_side(reason text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN reason IN ('ASKING', 'SUBMITTING', 'IN_REVIEW') THEN 'PROVIDER' WHEN reason = 'DONE' THEN 'NOBODY' ELSE 'US'
    END
$$
"""
READING = """
CREATE FUNCTION desk_reading(customers uuid[])
RETURNS TABLE (customer_id uuid, request_id uuid, reason text, is_moving boolean, since timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT
        customer.id,
        request.id,
        why.reason,
        calls.moving_since IS NOT NULL,
        CASE why.reason
            WHEN 'UNKNOWN_CALL' THEN calls.unknown_since
            WHEN 'REFUSED_CALL' THEN calls.refused_since
            WHEN 'ASKING' THEN calls.asking_since
            WHEN 'SUBMITTING' THEN calls.submitting_since
            WHEN 'IN_REVIEW' THEN coalesce(request.submitted_at, request.created_at)
            WHEN 'DONE' THEN clock_timestamp()
            ELSE coalesce(request.decided_at, request.created_at)
        END
    FROM customers_customer AS customer
    LEFT JOIN LATERAL (
        -- OFFSET keeps the planner, which may know nothing of a table yet, from going through all requests by date.
        SELECT * FROM (
            SELECT * FROM customers_enablementrequest AS each WHERE each.customer_id = customer.id OFFSET 0
        ) AS theirs
        ORDER BY created_at DESC, id DESC LIMIT 1
    ) AS request ON true
    CROSS JOIN LATERAL (
        SELECT
            min(call.wanted_at) FILTER (WHERE call.state = 'UNKNOWN' AND call.next_attempt_at IS NULL) AS unknown_since,
            min(call.wanted_at) FILTER (WHERE stage.is_moving) AS moving_since,
            min(call.wanted_at) FILTER (
                WHERE stage.is_moving AND customer.individual_cards AND (
                    call.kind = 'REQUEST_PRODUCT'
                    OR request.id IS NULL AND call.kind IN ('REGISTER_CLIENT', 'UPDATE_CLIENT')
                )
            ) AS asking_since,
            min(call.wanted_at) FILTER (
                WHERE stage.is_moving AND call.kind = 'SUBMIT_REQUEST' AND call.target_id = request.id
            ) AS submitting_since,
            min(call.answered_at) FILTER (
                -- Refused, and nothing has overtaken it. A refused document stands in its request's checklist.
                WHERE call.state = 'REFUSED' AND CASE call.kind
                    WHEN 'REGISTER_CLIENT' THEN customer.api_id IS NULL
                    WHEN 'UPDATE_CLIENT' THEN true
                    WHEN 'REQUEST_PRODUCT' THEN NOT EXISTS (
                        SELECT FROM customers_enablementrequest AS later
                        WHERE later.customer_id = customer.id AND later.created_at >= call.wanted_at
                    )
                    WHEN 'SUBMIT_REQUEST' THEN EXISTS (
                        SELECT FROM customers_enablementrequest AS open
                        WHERE open.id = call.target_id AND open.status IN ('REQUESTED', 'PENDING_DOCUMENTATION', 'IN_KYC')
                    )
                    ELSE false
                END AND NOT EXISTS (
                    SELECT FROM provider_providercall AS newer
                    WHERE newer.target_id = call.target_id AND newer.kind = call.kind AND newer.wanted_at > call.wanted_at
                )
            ) AS refused_since
        FROM provider_providercall AS call
        CROSS JOIN LATERAL (
            SELECT call.kind IN ('REGISTER_CLIENT', 'UPDATE_CLIENT', 'REQUEST_PRODUCT', 'UPLOAD_DOCUMENT', 'SUBMIT_REQUEST')
                AND (call.state IN ('WANTED', 'SENT') OR call.state = 'UNKNOWN' AND call.next_attempt_at IS NOT NULL)
                AS is_moving
        ) AS stage
        WHERE call.customer_id = customer.id
    ) AS calls
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN calls.unknown_since IS NOT NULL THEN 'UNKNOWN_CALL'
            WHEN calls.refused_since IS NOT NULL THEN 'REFUSED_CALL'
            WHEN (request.id IS NULL OR request.status = 'REJECTED') AND calls.asking_since IS NOT NULL THEN 'ASKING'
            WHEN request.id IS NULL THEN 'DONE'
            WHEN calls.submitting_since IS NOT NULL THEN 'SUBMITTING'
            WHEN request.status = 'IN_KYC' THEN 'IN_REVIEW'
            WHEN request.status = 'REJECTED' THEN 'REJECTED'
            WHEN request.status = 'ENABLED' THEN
                CASE customer.status WHEN 'ACTIVE' THEN 'DONE' WHEN 'REJECTED' THEN 'REJECTED' ELSE 'IN_REVIEW' END
            WHEN cardinality(request.refused_keys) > 0 OR EXISTS (
                SELECT FROM customers_document AS document
                WHERE document.customer_id = customer.id AND document.status = 'REJECTED'
                    AND document.requirement = ANY(request.wanted_requirements)
            ) THEN 'REFUSED_ITEMS'
            WHEN cardinality(request.wanted_requirements) > 0 THEN 'MISSING'
            ELSE 'READY'
        END AS reason
    ) AS why
    WHERE customer.id = ANY(customers)
$$
"""
# The rows are locked before anything is read: what another transaction wrote meanwhile is seen, and none of the two
# writes down what the other has made old. Cases come last in every transaction's order of locks.
FOLLOW = """
CREATE FUNCTION desk_follow_cases(customers uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM desk_case WHERE customer_id = ANY(customers) ORDER BY customer_id FOR NO KEY UPDATE;
    INSERT INTO desk_case (customer_id, request_id, waits_for, reason, is_moving, since)
    SELECT now.customer_id, now.request_id, desk_side(now.reason), now.reason, now.is_moving, now.since
    FROM desk_reading(customers) AS now
    WHERE now.reason <> 'DONE' OR EXISTS (SELECT FROM desk_case AS old WHERE old.customer_id = now.customer_id)
    ORDER BY now.customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET request_id = excluded.request_id, reason = excluded.reason, is_moving = excluded.is_moving
    WHERE (desk_case.request_id, desk_case.reason, desk_case.is_moving)
        IS DISTINCT FROM (excluded.request_id, excluded.reason, excluded.is_moving);
END
$$
"""
DROP = """
DROP FUNCTION desk_follow_cases(uuid[]);
DROP FUNCTION desk_reading(uuid[]);
DROP FUNCTION desk_side(text);
"""
PRESENT_CASES = """
SELECT desk_follow_cases(array_agg(id)) FROM customers_customer
WHERE EXISTS (SELECT FROM customers_enablementrequest WHERE customer_id = customers_customer.id AND status <> 'ENABLED')
    OR EXISTS (SELECT FROM provider_providercall WHERE customer_id = customers_customer.id AND state <> 'DONE')
"""
# What requests went through says how long earlier cases lay with whom. Nobody noted then who had asked a customer.
EARLIER_SPELLS = """
WITH steps AS (
    SELECT id AS request_id, customer_id, created_at AS at, 'REQUESTED' AS status FROM customers_enablementrequest
    UNION ALL
    SELECT object_id, customer_id, at, to_status FROM customers_statuschange WHERE machine = 'request'
), reasons AS (
    SELECT *, CASE status
        WHEN 'IN_KYC' THEN 'IN_REVIEW' WHEN 'ENABLED' THEN 'DONE' WHEN 'REJECTED' THEN 'REJECTED' ELSE 'MISSING'
    END AS reason
    FROM steps
), turns AS (
    SELECT *, lag(desk_side(reason)) OVER customers AS before FROM reasons
    WINDOW customers AS (PARTITION BY customer_id ORDER BY at, status = 'REQUESTED' DESC)
), spells AS (
    SELECT customer_id, reason, at AS began_at, lead(at) OVER (PARTITION BY customer_id ORDER BY at) AS ended_at
    FROM turns WHERE before IS DISTINCT FROM desk_side(reason)
), present AS (
    UPDATE desk_case SET since = spells.began_at FROM spells
    WHERE spells.customer_id = desk_case.customer_id AND spells.ended_at IS NULL
        AND desk_side(spells.reason) = desk_case.waits_for
        AND desk_case.reason NOT IN ('UNKNOWN_CALL', 'REFUSED_CALL')
    RETURNING desk_case.customer_id, desk_case.since
), begun AS (
    UPDATE desk_spell SET began_at = present.since FROM present
    WHERE present.customer_id = desk_spell.customer_id AND desk_spell.ended_at IS NULL
)
INSERT INTO desk_spell (customer_id, waits_for, reason, began_at, ended_at)
SELECT customer_id, desk_side(reason), reason, began_at, ended_at FROM spells
WHERE ended_at IS NOT NULL AND reason <> 'DONE'
"""
TARGETS = """
INSERT INTO desk_target (waits_for, due_soon_after_hours, late_after_hours)
VALUES ('US', 4, 8), ('PROVIDER', 24, 48), ('CUSTOMER', 72, 168)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0017_wanted_by_name"),
        ("provider", "0008_lists_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FollowedCall",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("provider.providercall",),
        ),
        migrations.CreateModel(
            name="FollowedCustomer",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("customers.customer",),
        ),
        migrations.CreateModel(
            name="FollowedDocument",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("customers.document",),
        ),
        migrations.CreateModel(
            name="FollowedRequest",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("customers.enablementrequest",),
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="case",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                (
                    "waits_for",
                    models.CharField(
                        choices=[
                            ("US", "us"),
                            ("PROVIDER", "CryptoMate"),
                            ("CUSTOMER", "the customer"),
                            ("NOBODY", "nobody"),
                        ],
                        default="US",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("UNKNOWN_CALL", "Outcome unknown"),
                            ("REFUSED_CALL", "Call refused"),
                            ("REJECTED", "Refused in review"),
                            ("REFUSED_ITEMS", "Documents or data refused"),
                            ("MISSING", "Documents or data missing"),
                            ("READY", "Ready to submit"),
                            ("ASKING", "Being registered"),
                            ("SUBMITTING", "Being submitted"),
                            ("IN_REVIEW", "In review"),
                            ("DONE", "Done"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "is_moving",
                    models.BooleanField(
                        default=False, help_text="Something about it is on its way.", verbose_name="being sent"
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When it began to wait for that side."
                    ),
                ),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("snooze_note", vault.fields.EncryptedTextField(blank=True, max_length=500, null=True)),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("escalation_note", vault.fields.EncryptedTextField(blank=True, max_length=500, null=True)),
                (
                    "customer_asked_at",
                    models.DateTimeField(
                        blank=True, help_text="When the customer was asked for what is wanted.", null=True
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "escalated_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.enablementrequest",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("work_case", "Can take, hand over, snooze and escalate cases"),
                    ("assign_case", "Can assign cases to others"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Spell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "waits_for",
                    models.CharField(
                        choices=[
                            ("US", "us"),
                            ("PROVIDER", "CryptoMate"),
                            ("CUSTOMER", "the customer"),
                            ("NOBODY", "nobody"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("UNKNOWN_CALL", "Outcome unknown"),
                            ("REFUSED_CALL", "Call refused"),
                            ("REJECTED", "Refused in review"),
                            ("REFUSED_ITEMS", "Documents or data refused"),
                            ("MISSING", "Documents or data missing"),
                            ("READY", "Ready to submit"),
                            ("ASKING", "Being registered"),
                            ("SUBMITTING", "Being submitted"),
                            ("IN_REVIEW", "In review"),
                            ("DONE", "Done"),
                        ],
                        help_text="Why, when it began.",
                        max_length=16,
                    ),
                ),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="spells", to="customers.customer"
                    ),
                ),
            ],
            options={
                "ordering": ["began_at", "pk"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                (
                    "waits_for",
                    models.CharField(
                        choices=[("US", "us"), ("PROVIDER", "CryptoMate"), ("CUSTOMER", "the customer")],
                        max_length=8,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "due_soon_after_hours",
                    models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)]),
                ),
                (
                    "late_after_hours",
                    models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)]),
                ),
            ],
            options={
                "default_permissions": ("view", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("waits_for__in", ["US", "PROVIDER", "CUSTOMER"])),
                        name="target_is_of_a_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_soon_after_hours__gte", 1), ("late_after_hours__gt", models.F("due_soon_after_hours"))
                        ),
                        name="target_is_late_after_due_soon",
                        violation_error_message="Late has to come after due soon.",
                    ),
                ],
            },
        ),
        migrations.RunSQL([SIDE, READING, FOLLOW], DROP),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'desk.target', 'waits_for', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{}'\n            );\n            RETURN NULL;\n        ",
                    hash="001874cea5749da4215ab2dc9e10b2ff9f0d981b",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_d7f15",
                    table="desk_target",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedcall",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            PERFORM desk_follow_cases(array_agg(DISTINCT customer_id)) FROM rows WHERE customer_id IS NOT NULL AND ((rows.kind IN ('REGISTER_CLIENT', 'UPDATE_CLIENT', 'REQUEST_PRODUCT', 'UPLOAD_DOCUMENT', 'SUBMIT_REQUEST')) OR (rows.state = 'UNKNOWN' AND rows.next_attempt_at IS NULL)) HAVING count(*) > 0;\n            RETURN NULL;\n        ",
                    hash="21e907ddcb2b3dc4e195d3f3386228a025c7c76d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_follow_inserted_f88d6",
                    referencing="REFERENCING NEW TABLE AS rows ",
                    table="provider_providercall",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedcall",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.state = 'UNKNOWN' AND OLD.next_attempt_at IS NULL) IS DISTINCT FROM (NEW.state = 'UNKNOWN' AND NEW.next_attempt_at IS NULL) OR (NEW.kind IN ('REGISTER_CLIENT', 'UPDATE_CLIENT', 'REQUEST_PRODUCT', 'UPLOAD_DOCUMENT', 'SUBMIT_REQUEST')) AND ((OLD.state IN ('WANTED', 'SENT', 'UNKNOWN')) IS DISTINCT FROM (NEW.state IN ('WANTED', 'SENT', 'UNKNOWN')) OR (OLD.state = 'REFUSED') IS DISTINCT FROM (NEW.state = 'REFUSED')))",
                    func="PERFORM desk_follow_cases(ARRAY[NEW.customer_id]); RETURN NULL;",
                    hash="d0d86f489257edd5bf6f751030e2db3ef08430d4",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_updated_19adc",
                    table="provider_providercall",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedcall",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_removed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM desk_follow_cases(ARRAY[OLD.customer_id]); RETURN NULL;",
                    hash="b78e276ad96cf64ae3133caf0f4c6ad0bc257ee3",
                    operation="DELETE",
                    pgid="pgtrigger_follow_removed_54cb5",
                    table="provider_providercall",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedcustomer",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.status, OLD.api_id, OLD.individual_cards) IS DISTINCT FROM (NEW.status, NEW.api_id, NEW.individual_cards))",
                    func="PERFORM desk_follow_cases(ARRAY[NEW.id]); RETURN NULL;",
                    hash="f6f2768576f0312bf4e3ae055cb2b1b683a1112e",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_updated_43f02",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followeddocument",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            PERFORM desk_follow_cases(array_agg(DISTINCT customer_id)) FROM rows WHERE status = 'REJECTED' HAVING count(*) > 0;\n            RETURN NULL;\n        ",
                    hash="515350b6f84596bffc2b961980fc16a668bea358",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_follow_inserted_f49d3",
                    referencing="REFERENCING NEW TABLE AS rows ",
                    table="customers_document",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followeddocument",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.status = 'REJECTED') IS DISTINCT FROM (NEW.status = 'REJECTED'))",
                    func="PERFORM desk_follow_cases(ARRAY[NEW.customer_id]); RETURN NULL;",
                    hash="a08066a58f1954ec72bfb321338e7d1afb0131fa",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_updated_1b24c",
                    table="customers_document",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followeddocument",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_removed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM desk_follow_cases(ARRAY[OLD.customer_id]); RETURN NULL;",
                    hash="fd18c919ffd6764f8392209ddc717f236be2e2e9",
                    operation="DELETE",
                    pgid="pgtrigger_follow_removed_7c331",
                    table="customers_document",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            PERFORM desk_follow_cases(array_agg(DISTINCT customer_id)) FROM rows WHERE status <> 'ENABLED' OR EXISTS (SELECT FROM desk_case WHERE customer_id = rows.customer_id) OR EXISTS (SELECT FROM customers_customer WHERE id = rows.customer_id AND status <> 'ACTIVE') HAVING count(*) > 0;\n            RETURN NULL;\n        ",
                    hash="44b0711ec160caa70cb2f243b88108eafce9c331",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_follow_inserted_1555b",
                    referencing="REFERENCING NEW TABLE AS rows ",
                    table="customers_enablementrequest",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.status, OLD.wanted_requirements, OLD.refused_keys) IS DISTINCT FROM (NEW.status, NEW.wanted_requirements, NEW.refused_keys))",
                    func="PERFORM desk_follow_cases(ARRAY[NEW.customer_id]); RETURN NULL;",
                    hash="7b7b5a719bc64d13b3952cb5ff9c61664ed263b3",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_updated_2ef51",
                    table="customers_enablementrequest",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="followedrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_removed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM desk_follow_cases(ARRAY[OLD.customer_id]); RETURN NULL;",
                    hash="ce8d753cd7f50efcef5ef914b424ffe7344e60c5",
                    operation="DELETE",
                    pgid="pgtrigger_follow_removed_5673f",
                    table="customers_enablementrequest",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["waits_for", "since", "customer"], name="case_oldest"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["since", "customer"], name="case_oldest_of_all"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("assigned_to__isnull", False)),
                fields=["assigned_to", "since", "customer"],
                name="case_of_person",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("held_by__isnull", False)), fields=["held_by"], name="case_held"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("waits_for__in", ["US", "PROVIDER", "CUSTOMER", "NOBODY"])),
                name="case_waits_for_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "UNKNOWN_CALL",
                            "REFUSED_CALL",
                            "REJECTED",
                            "REFUSED_ITEMS",
                            "MISSING",
                            "READY",
                            "ASKING",
                            "SUBMITTING",
                            "IN_REVIEW",
                            "DONE",
                        ],
                    )
                ),
                name="case_reason_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", "DONE"), ("waits_for", "NOBODY")),
                    models.Q(
                        models.Q(("waits_for", "NOBODY"), _negated=True), models.Q(("reason", "DONE"), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="done_case_waits_for_nobody",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("waits_for", "CUSTOMER"), _negated=True),
                    ("customer_asked_at__isnull", False),
                    _connector="OR",
                ),
                name="case_waits_for_a_customer_who_was_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("held_by__isnull", True), ("held_until__isnull", True)),
                    models.Q(("held_by__isnull", False), ("held_until__isnull", False)),
                    _connector="OR",
                ),
                name="hold_is_somebodys_and_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("escalated_at__isnull", True), ("escalated_by__isnull", True)),
                    models.Q(("escalated_at__isnull", False), ("escalated_by__isnull", False)),
                    _connector="OR",
                ),
                name="escalation_names_who_and_when",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="turn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE side text;",
                    func="\n        side := desk_side(NEW.reason);\n        IF side <> 'US' THEN\n            NEW.customer_asked_at := NULL;\n        END IF;\n        NEW.waits_for := CASE WHEN NEW.customer_asked_at IS NULL THEN side ELSE 'CUSTOMER' END;\n        IF NEW.waits_for <> OLD.waits_for THEN\n            NEW.since := clock_timestamp();\n        END IF;\n        IF NEW.reason <> OLD.reason THEN\n            NEW.snoozed_until := NULL;\n        END IF;\n        IF side = 'NOBODY' THEN\n            NEW.held_by_id := NULL;\n            NEW.held_until := NULL;\n            NEW.escalated_at := NULL;\n            NEW.escalated_by_id := NULL;\n        END IF;\n        RETURN NEW;\n    ",
                    hash="dd598cb7305659daf6d84b7c4cf85c80713e109b",
                    operation="UPDATE",
                    pgid="pgtrigger_turn_2f15e",
                    table="desk_case",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="first_spell",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO desk_spell (customer_id, waits_for, reason, began_at)\n    SELECT NEW.customer_id, NEW.waits_for, NEW.reason, NEW.since WHERE NEW.waits_for <> 'NOBODY';\nRETURN NULL;",
                    hash="50a1e322521f41ae08b828a3044a4d304f708a43",
                    operation="INSERT",
                    pgid="pgtrigger_first_spell_f5486",
                    table="desk_case",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="next_spell",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."waits_for" IS DISTINCT FROM (NEW."waits_for"))',
                    func="\n    UPDATE desk_spell SET ended_at = greatest(NEW.since, began_at)\n    WHERE customer_id = NEW.customer_id AND ended_at IS NULL;\n\n    INSERT INTO desk_spell (customer_id, waits_for, reason, began_at)\n    SELECT NEW.customer_id, NEW.waits_for, NEW.reason, NEW.since WHERE NEW.waits_for <> 'NOBODY';\nRETURN NULL;",
                    hash="9a9584f235c5757711e540431c7942ad5b88cf52",
                    operation="UPDATE",
                    pgid="pgtrigger_next_spell_e9e3c",
                    table="desk_case",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="capture",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('audit.door', true) IS DISTINCT FROM 'portal')",
                    constraint="CONSTRAINT",
                    func="\n            PERFORM audit_capture(\n                TG_OP, 'desk.case', 'customer_id', 'customer_id',\n                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,\n                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,\n                '{snooze_note,escalation_note}'\n            );\n            RETURN NULL;\n        ",
                    hash="6e8356a9c1c97c6c26224d0f2178e0a354a8c97c",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_capture_74f24",
                    table="desk_case",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="spell",
            index=models.Index(fields=["customer", "began_at"], name="spell_customer"),
        ),
        migrations.AddIndex(
            model_name="spell",
            index=models.Index(fields=["-began_at", "-id"], name="spell_newest"),
        ),
        migrations.AddIndex(
            model_name="spell",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="spell_ended"
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("customer",), name="one_open_spell_per_customer"
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("began_at")), _connector="OR"
                ),
                name="spell_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(("waits_for__in", ["US", "PROVIDER", "CUSTOMER"])), name="spell_is_with_somebody"
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "UNKNOWN_CALL",
                            "REFUSED_CALL",
                            "REJECTED",
                            "REFUSED_ITEMS",
                            "MISSING",
                            "READY",
                            "ASKING",
                            "SUBMITTING",
                            "IN_REVIEW",
                            "DONE",
                        ],
                    )
                ),
                name="spell_reason_is_known",
            ),
        ),
        migrations.RunSQL(TARGETS, migrations.RunSQL.noop),
        migrations.RunSQL([PRESENT_CASES, EARLIER_SPELLS], migrations.RunSQL.noop),
    ]
