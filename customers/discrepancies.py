"""Writes down where our records and the provider's differ, and closes what differs no more."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.utils import timezone

from audit.actions import record as record_event
from audit.kinds import Kind
from cryptomate import RemoteClient
from customers.comparisons import EXISTENCE, Comparison, Discrepancy, DiscrepancyState, Side
from customers.differing import Difference, differences
from customers.discrepancy_actions import send_kept
from customers.models import Customer
from customers.policies import NotAllowed

State = DiscrepancyState


def note_data(customer: Customer, remote: RemoteClient, *, run: Comparison | None) -> int:
    """Write down what the provider holds otherwise, and return how much of it is new. The customer is locked."""
    found = differences(customer, remote)
    standing = {each.field: each for each in _standing(Side.CUSTOMER, str(customer.pk))}
    close(each for name, each in standing.items() if name not in {each.field for each in found})
    new = 0
    for each in found:
        if each.field in standing:
            standing[each.field].show(label=each.label, ours=each.ours, theirs=each.theirs, values=each.values)
        else:
            _open(Side.CUSTOMER, str(customer.pk), each, customer=customer, run=run)
            new += 1
    with suppress(NotAllowed):  # in a review; the next comparison tries again
        send_kept(customer)
    return new


def close_settled(customer: Customer, remote: RemoteClient) -> None:
    """Close what an answer of the provider's shows to be the same by now; nothing is opened."""
    standing = list(_standing(Side.CUSTOMER, str(customer.pk)))
    if standing:
        still = {each.field for each in differences(customer, remote)}
        close(each for each in standing if each.field not in still)


def note_one(
    side: Side, key: str, found: Difference, *, customer: Customer | None = None, run: Comparison | None = None
) -> bool:
    """Write down one difference that a person decides; answers whether it is new.

    What somebody decided to leave as it is stays decided while nothing about it changes.
    """
    standing = _standing(side, key).filter(field=found.field).first()
    if standing:
        standing.show(label=found.label, ours=found.ours, theirs=found.theirs, values=found.values)
        return False
    last = Discrepancy.objects.of(side, key).filter(field=found.field).order_by("-found_at").first()
    if last and last.state == State.KEPT and (last.ours, last.theirs) == (found.ours, found.theirs):
        return False
    _open(side, key, found, customer=customer, run=run)
    return True


def note_taken(
    side: Side, key: str, label: str, *, ours: str, theirs: str, customer: Customer, run: Comparison | None
) -> None:
    """Record a change at the provider that was followed without asking. Runs in the transaction that follows it."""
    now = timezone.now()
    row = Discrepancy.objects.create(
        record=side, key=key, customer=customer, field=label.lower()[:80], label=label[:120], ours=ours, theirs=theirs,
        state=State.TAKEN, decided_at=now, found_at=now, changed_at=now, comparison=run,
    )  # fmt: skip
    record_event(
        kind=Kind.DIFFERENCE_FOLLOWED, by=None, customer_id=customer.pk, subject=row,
        after={"record": row.get_record_display(), "field": label}, note=str(row),
    )  # fmt: skip


def missing(what: str) -> Difference:
    return Difference(EXISTENCE, "Not there", f"This {what}", "CryptoMate does not know it", {})


def unknown(theirs: str, values: Mapping[str, Any]) -> Difference:
    return Difference(EXISTENCE, "Not here", "We do not know it", theirs, values)


def close(rows: Iterable[Discrepancy]) -> None:
    for row in rows:
        row.settle(State.GONE)


def close_existence(side: Side, keys: Iterable[str]) -> None:
    """Close what was said not to be there and is."""
    close(Discrepancy.objects.standing().filter(record=side, key__in=list(keys), field=EXISTENCE))


def _standing(side: Side, key: str) -> Any:
    return Discrepancy.objects.standing().of(side, key)


def _open(side: Side, key: str, found: Difference, *, customer: Customer | None, run: Comparison | None) -> None:
    Discrepancy.objects.create(
        record=side, key=key, customer=customer, field=found.field, label=found.label,
        ours=found.ours, theirs=found.theirs, values=dict(found.values), comparison=run,
    )  # fmt: skip
