"""Who sees personal data as they are: people with the right to, and for a minute those who gave a reason on record.

The record of a reveal is what lets the data be seen, so that there is no reveal without a record.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from audit.kinds import Kind
from audit.models import Change, Event, EventQuerySet
from vault.masking import MASK, mask_text

SEES = "customers.view_personal_data"
REVEALS = "customers.reveal_personal_data"

# What records say beside people's data: an entry that is not named here is masked, whatever it is.
PLAIN = frozenset(
    """
    status code fields country document_type requirement sides sha256 warnings record product individual_cards form_id
    daily_limit weekly_limit monthly_limit per_transaction_limit approval_method last4 outcome source side card field
    approved_by
    assigned_to held_by until waits_for due_soon_after_hours late_after_hours name query
    """.split()  # noqa: SIM905 - a list to read
)

# Whose notes are our own words, or a colleague's.
OUR_NOTES = (Kind.CUSTOMER_REVEALED, Kind.DIFFERENCE_FOLLOWED, Kind.DIFFERENCE_TAKEN, Kind.DIFFERENCE_KEPT)
IN_WORDS = ("reason",)  # what somebody typed


def sees_personal_data(person: User | AnonymousUser, customer_id: UUID | None) -> bool:
    """Answer whether the person may be shown what this customer's records say; None is nobody's we know."""
    return person.has_perm(SEES) or shown_until(person, customer_id) is not None


def shown_until(person: User | AnonymousUser, customer_id: UUID | None) -> datetime | None:
    """Return until when a reveal of theirs shows this customer's data; None where there is none, or it is over."""
    if customer_id is None or not person.has_perm(REVEALS):
        return None
    reveals = _standing_reveals(person).about_customer(customer_id).latest_first()
    last = reveals.values_list("at", flat=True).first()
    return last + _lasts() if last else None


def shown_customers(person: User | AnonymousUser) -> set[UUID | None]:
    """Return the customers whose data a reveal of theirs shows now: for pages about many."""
    return set(_standing_reveals(person).values_list("customer_id", flat=True)) if person.has_perm(REVEALS) else set()


def _standing_reveals(person: User | AnonymousUser) -> EventQuerySet:
    reveals = Event.objects.of_kind(Kind.CUSTOMER_REVEALED).filter(actor_id=person.pk)
    return reveals.since(timezone.now() - _lasts())


def _lasts() -> timedelta:
    return timedelta(seconds=settings.REVEAL_SECONDS)


def masked_detail(event: Event) -> dict[str, Any] | None:
    """Return what was recorded as it is shown to people who may not see the customer's data."""
    detail = event.said
    if not detail or event.customer_id is None:
        return detail
    return {part: _note(event, said) if part == "note" else _masked(said) for part, said in detail.items()}


def masked_changes(event: Event) -> list[Change]:
    """Return what differed in an event, which is as it was recorded, as people see it who may not see the data."""
    return [_masked_change(change) for change in event.changes]


def _masked_change(change: Change) -> Change:
    name = change.field.partition(".")[0]
    return Change(change.field, _as_shown(name, change.before), _as_shown(name, change.after))


def _note(event: Event, said: str) -> str:
    return mask_text(said) if event.kind in OUR_NOTES else MASK


def _masked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_shown(name, value) for name, value in values.items()}


def _as_shown(name: str, value: Any) -> Any:
    if name in IN_WORDS:
        return mask_text(str(value))
    return value if name in PLAIN or value in (None, "") or isinstance(value, bool) else MASK
