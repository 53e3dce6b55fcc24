"""Cases follow requests, documents and calls by triggers on their tables, so that no way of writing goes round them.

The triggers call `desk_follow_cases`, which asks `desk_reading` how customers stand. Both stand in the migrations. What
comes by `COPY` is followed once for the whole statement, and what changes often (a claim, a look) wakes no trigger.
"""

import pgtrigger

from customers.models import Customer, Document, EnablementRequest
from provider.models import CallKind, ProviderCall

# What brings a customer through the review. Calls about cards are no part of a case unless somebody has to find out
# what became of one.
ONBOARDING = (
    CallKind.REGISTER_CLIENT, CallKind.UPDATE_CLIENT, CallKind.REQUEST_PRODUCT, CallKind.UPLOAD_DOCUMENT,
    CallKind.SUBMIT_REQUEST,
)  # fmt: skip
_OF_ONBOARDING = "({row}.kind IN ({kinds}))".format(row="{row}", kinds=", ".join(f"'{kind}'" for kind in ONBOARDING))
_IS_OPEN = "({row}.state IN ('WANTED', 'SENT', 'UNKNOWN'))"
_NEEDS_A_PERSON = "({row}.state = 'UNKNOWN' AND {row}.next_attempt_at IS NULL)"
_IS_REFUSED = "({row}.state = 'REFUSED')"


def _changed(condition: str) -> str:
    return f"{condition.format(row='OLD')} IS DISTINCT FROM {condition.format(row='NEW')}"


def _differ(*columns: str) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def _follow_row(customer: str = "NEW.customer_id") -> str:
    return f"PERFORM desk_follow_cases(ARRAY[{customer}]); RETURN NULL;"


def _inserted(which: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="follow_inserted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="rows"),  # type: ignore[no-untyped-call]
        func=f"""
            PERFORM desk_follow_cases(array_agg(DISTINCT customer_id)) FROM rows WHERE {which} HAVING count(*) > 0;
            RETURN NULL;
        """,
    )


def _updated(condition: str, customer: str = "NEW.customer_id", *, first: str = "") -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="follow_updated",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"({condition})"),
        func=f"{first}{_follow_row(customer)}",
    )


# An answer may leave the reason as it is: one document fewer is missing, another one is asked for.
OPEN_CLOSED = """
UPDATE desk_case SET closed_at = NULL
WHERE customer_id = NEW.customer_id AND request_id = NEW.id AND closed_at IS NOT NULL;
"""

REMOVED = pgtrigger.Trigger(
    name="follow_removed", when=pgtrigger.After, operation=pgtrigger.Delete, func=_follow_row("OLD.customer_id")
)


class FollowedCustomer(Customer):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [_updated(_differ("status", "api_id", "individual_cards"), customer="NEW.id")]


class FollowedRequest(EnablementRequest):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            # Most that come in bulk are through for long: they have no case, and begin none.
            _inserted(
                "status <> 'ENABLED' OR EXISTS (SELECT FROM desk_case WHERE customer_id = rows.customer_id)"
                " OR EXISTS (SELECT FROM customers_customer WHERE id = rows.customer_id AND status <> 'ACTIVE')"
            ),
            _updated(_differ("status", "wanted_requirements", "refused_keys"), first=OPEN_CLOSED),
            REMOVED,
        ]


class FollowedDocument(Document):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            _inserted("status = 'REJECTED'"),
            _updated(_changed("({row}.status = 'REJECTED')")),
            REMOVED,
        ]


class FollowedCall(ProviderCall):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            _inserted(
                f"customer_id IS NOT NULL AND ({_OF_ONBOARDING.format(row='rows')}"
                f" OR {_NEEDS_A_PERSON.format(row='rows')})"
            ),
            _updated(
                f"{_changed(_NEEDS_A_PERSON)} OR {_OF_ONBOARDING.format(row='NEW')}"
                f" AND ({_changed(_IS_OPEN)} OR {_changed(_IS_REFUSED)})"
            ),
            REMOVED,
        ]
