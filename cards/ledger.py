"""A card's events become purchases: recorded once, placed together with what they can touch, added up from scratch."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model
from django.utils import timezone

from cards.books import Page, Standing, lock, note_change, note_movement, read_events, read_page, turn, write_alone
from cards.comparing import LOOK_BACK, compare
from cards.models import Card, Placement, Transaction, TransactionEvent
from cards.pairing import TOLERANCE, likeness, pair
from cards.placing import ROUNDING, Group, in_order, links_of_event, neighbourhood, place
from cards.postgresql.ids import uuid7
from cards.postgresql.writing import Together
from cards.purchases import Purchase
from cards.statuses import EventKind, TransactionState

K, S = EventKind, TransactionState
T = TypeVar("T")

OPENING = frozenset({K.AUTHORIZED, K.DECLINED})  # other kinds follow on another, nearly always
AMOUNTS = ("bill_amount", "transaction_amount", "atm_fees", "fx_fees")
STORED = Decimal("0.000001")  # as precise as a column: an event is placed as it will be read

PLACED = """
INSERT INTO cards_placement (event_id, transaction_id, how, repeats)
SELECT event, purchase, how, 0 FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS moved (event, purchase, how)
ON CONFLICT (event_id) DO UPDATE SET transaction_id = excluded.transaction_id, how = excluded.how
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What somebody said about a purchase, and who."""

    kind: str
    operation_id: str
    purchase: Purchase
    source: str


def record_at_once(card_api_id: str, told: Told, *, brought_by: Callable[[Card | None], Model], patience: str) -> bool:
    """Record an event in one statement, and with it a new row that `brought_by` makes; answer whether it was.

    Nothing is locked while we think. Nothing is written where the card is not known, where the event or that row is
    here already, or where the books were changed meanwhile: then `record_event` is the way. Waits as long as `patience`
    says for a change that is under way. `brought_by` is given None where PostgreSQL fills in whose the row is.
    """
    now = timezone.now()
    event = _event(told, now=now)
    is_written, page = _look(card_api_id, event, brought_by, now=now, patience=patience)
    return is_written or (page is not None and _join(page, event, brought_by, now=now, patience=patience))


def _look(
    card_api_id: str,
    event: TransactionEvent,
    brought_by: Callable[[Card | None], Model],
    *,
    now: datetime,
    patience: str,
) -> tuple[bool, Page | None]:
    """Read the card's page, and write the event where nothing there is tied to it; answer whether it was written."""
    asked_after = event.occurred_at - LOOK_BACK
    if event.kind not in OPENING:
        return False, read_page(card_api_id, asked_after=asked_after)
    (group,) = place([event])
    ((_, how),) = group.placed
    placement = Placement(transaction_id=group.address, how=how)
    rows = (event, _purchase(group), placement, brought_by(None))
    writing = partial(write_alone, card_api_id, event, rows, asked_after=asked_after, now=now, patience=patience)
    return _unless_refused(writing) or (False, None)


def _join(
    page: Page, event: TransactionEvent, brought_by: Callable[[Card | None], Model], *, now: datetime, patience: str
) -> bool:
    """Write an event among those that it is tied to; answer whether it was."""
    if page.find(event):
        return False
    event.pk = page.next_pk
    writing = Together()
    turn(page, event, writing, now=now, patience=patience)
    _place_around(page, [event], writing)
    writing.insert(brought_by(page.card))
    return writing.is_one_statement and bool(_unless_refused(writing.execute))


def _unless_refused(write: Callable[[], T]) -> T | None:
    # A transaction around a single statement would be two more journeys to the database.
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        try:
            return write()
        except IntegrityError:
            if connection.in_atomic_block:
                transaction.set_rollback(True)
            return None


@transaction.atomic(savepoint=False)
def record_event(*, card: Card, kind: str, operation_id: str, purchase: Purchase, source: str) -> TransactionEvent:
    """Record what the provider said about a purchase and place it among those it can touch. Takes the card's lock.

    The same again answers with the first, whatever brought it.
    """
    now = timezone.now()
    lock(card.pk)
    told = Told(kind=kind, operation_id=operation_id, purchase=purchase, source=source)
    event = _event(told, now=now, card=card)
    page = _page(card, [event])
    if recorded := page.find(event):
        return card.events.get(pk=recorded)
    event.pk = page.next_pk
    writing = Together()
    writing.insert(event)
    _write_under_lock(page, [event], writing, now=now)
    return event


@dataclass(frozen=True)
class Line:
    """One line of the provider's list of a card's movements."""

    id: str
    kind: str
    purchase: Purchase


@transaction.atomic
def record_lines(card: Card, lines: Sequence[Line]) -> list[TransactionEvent]:
    """Record what no webhook has told, and return it.

    Lines that look alike are kept all or none: with some of them missing, one webhook could answer for the wrong one.
    """
    now = timezone.now()
    lock(card.pk)
    listed = card.events.filter(source=TransactionEvent.Source.POLL, operation_id__in=[line.id for line in lines])
    known = set(listed.values_list("kind", "operation_id"))
    polled = TransactionEvent.Source.POLL
    fresh = [
        _event(Told(kind=line.kind, operation_id=line.id, purchase=line.purchase, source=polled), now=now, card=card)
        for line in lines
        if (line.kind, line.id) not in known
    ]
    untold = _untold(card, fresh)
    if untold:
        page = _page(card, untold)
        TransactionEvent.objects.bulk_create(untold)
        _write_under_lock(page, untold, Together(), now=now)
    return untold


def _untold(card: Card, fresh: Sequence[TransactionEvent]) -> list[TransactionEvent]:
    if not fresh:
        return []
    times = [event.occurred_at for event in fresh]
    near = card.events.filter(occurred_at__range=(min(times) - TOLERANCE, max(times) + TOLERANCE))
    everything = sorted([*near, *fresh], key=in_order)
    covered = {id(line) for line, _ in pair(everything)}
    lines = [event for event in everything if event.source == TransactionEvent.Source.POLL]
    missing = {likeness(line) for line in lines if id(line) not in covered}
    return [event for event in fresh if likeness(event) in missing]


def _event(told: Told, *, now: datetime, card: Card | None = None) -> TransactionEvent:
    purchase = told.purchase
    data = vars(purchase) | {name: getattr(purchase, name).quantize(STORED) for name in AMOUNTS}
    data["occurred_at"] = purchase.occurred_at or now
    return TransactionEvent(
        card=card,
        address=uuid7(),
        kind=EventKind(told.kind.upper()),
        operation_id=told.operation_id,
        digest=purchase.digest,
        received_at=now,
        source=TransactionEvent.Source(told.source),
        **data,
    )


def note_repeat(*, card: Card, kind: str, operation_id: str, purchase: Purchase) -> None:
    """Count that the very same came again. A second settlement that no field tells from the first looks like this."""
    event = card.events.filter(kind=EventKind(kind.upper()), operation_id=operation_id, digest=purchase.digest)
    Placement.objects.filter(event__in=event).update(repeats=F("repeats") + 1)


@transaction.atomic
def recompute(card: Card) -> None:
    """Place all events of the card anew and bring every purchase in line. Takes the card's lock."""
    lock(card.pk)
    page = _page(card, [])
    events, standing = read_events([entry.pk for entry in page.entries])
    groups = place(events)
    writing = Together()
    note_change(page, writing)
    _bring_in_line(card, groups, groups, standing, writing)
    writing.execute()


def _page(card: Card, events: Sequence[TransactionEvent]) -> Page:
    """Return the card's page, and whether we were asked about it near these events."""
    first = min((event.occurred_at for event in events), default=timezone.now())
    page = read_page(card.pk, asked_after=first - LOOK_BACK)
    assert page is not None  # noqa: S101 - the card is there
    return page


def _write_under_lock(page: Page, new: Sequence[TransactionEvent], writing: Together, *, now: datetime) -> None:
    note_movement(page, writing, now=now)
    _place_around(page, new, writing)
    writing.execute()


def _place_around(page: Page, new: Sequence[TransactionEvent], writing: Together) -> None:
    """Place the new events and all that a chain of merchants and operation ids connects with them."""
    links_of = {entry.pk: entry.links for entry in page.entries} | {event.pk: links_of_event(event) for event in new}
    touched = set[int]().union(*(neighbourhood(links_of, event.pk) for event in new)) - {event.pk for event in new}
    around, standing = read_events(touched)
    groups = place([*new, *around])
    _bring_in_line(page.card, groups, _changed(groups, standing), standing, writing)
    if page.was_asked:
        members = [{event.pk for event, _ in group.placed} for group in groups]
        compare(page.card, new, writing, beside=lambda event: next(each for each in members if event.pk in each))


def _changed(groups: Sequence[Group], standing: Standing) -> list[Group]:
    """Return the purchases that won an event, lost one, or have one for another reason than before."""
    moved = [
        (event.pk, group) for group in groups for event, how in group.placed if _is_moved(event, how, group, standing)
    ]
    left = {standing[pk][0] for pk, _ in moved if pk in standing}
    joined = {id(group) for _, group in moved}
    return [group for group in groups if id(group) in joined or group.address in left]


def _is_moved(event: TransactionEvent, how: str, group: Group, standing: Standing) -> bool:
    return standing.get(event.pk) != (group.address, how)


def _bring_in_line(
    card: Card, groups: Iterable[Group], changed: Collection[Group], standing: Standing, writing: Together
) -> None:
    """Write the purchases that changed with their placements, and remove those that became part of another."""
    before = {where for where, _ in standing.values()}
    for group in changed:
        if group.address in before:
            totals = list(vars(fold(group.events)).values())
            writing.add(TOTALLED, [*totals, timezone.now(), group.address, *totals])
        else:
            writing.insert(_purchase(group, card=card))
    _write_placements(changed, standing, writing)
    gone = before - {group.address for group in groups}
    if gone:
        writing.add("DELETE FROM cards_transaction WHERE id = ANY(%s)", [list(gone)])


def _purchase(group: Group, *, card: Card | None = None) -> Transaction:
    return Transaction(pk=group.address, card=card, changed_at=timezone.now(), **vars(fold(group.events)))


def _write_placements(groups: Iterable[Group], standing: Standing, writing: Together) -> None:
    moved = [
        (event.pk, group.address, how)
        for group in groups
        for event, how in group.placed
        if _is_moved(event, how, group, standing)
    ]
    if moved:
        writing.add(PLACED, [list(column) for column in zip(*moved, strict=True)])


@dataclass(frozen=True)
class Totals:
    """What a purchase's events add up to, in the currency billed; under the names of Transaction's columns."""

    state: str
    merchant_name: str
    merchant_city: str
    merchant_country: str
    mcc: str
    mcc_category: str
    channel: str
    bill_amount: Decimal
    bill_currency: str
    transaction_amount: Decimal
    transaction_currency: str
    authorized_total: Decimal
    cleared_total: Decimal
    reversed_total: Decimal
    refunded_total: Decimal
    fees_total: Decimal
    decline_code: str
    decline_description: str
    first_at: datetime
    last_at: datetime


NAMES = [each.name for each in fields(Totals)]
# What is as it was stays untouched, its time too.
TOTALLED = f"""
UPDATE cards_transaction SET {", ".join(f"{name} = %s" for name in NAMES)}, changed_at = %s
WHERE id = %s AND ({", ".join(NAMES)}) IS DISTINCT FROM ({", ".join("%s" for _ in NAMES)})
"""  # noqa: S608 - names of our own columns


def fold(events: Sequence[TransactionEvent]) -> Totals:
    """Add up one purchase's events, given in the order they happened."""
    leading = _leading(events)
    first = events[0]
    declined = next((event for event in events if event.kind == K.DECLINED), None)
    return Totals(
        state=_state(events),
        **{name: _first_known(events, name) for name in DESCRIPTION},
        bill_amount=sum((event.bill_amount for event in leading), Decimal(0)),
        bill_currency=first.bill_currency,
        transaction_amount=sum((event.transaction_amount for event in leading), Decimal(0)),
        transaction_currency=first.transaction_currency,
        authorized_total=_total(events, K.AUTHORIZED),
        cleared_total=_total(events, K.CLEARED),
        reversed_total=_total(events, K.REVERSAL),
        refunded_total=_total(events, K.REFUND),
        fees_total=sum((event.fees for event in leading), Decimal(0)),
        decline_code=declined.decline_code if declined else "",
        decline_description=declined.decline_description if declined else "",
        first_at=min(event.occurred_at for event in events),
        last_at=max(event.occurred_at for event in events),
    )


DESCRIPTION = ("merchant_name", "merchant_city", "merchant_country", "mcc", "mcc_category", "channel")


def _leading(events: Sequence[TransactionEvent]) -> list[TransactionEvent]:
    """Return the events that say what the purchase costs: the settlement once there is one, before that the hold."""
    for kind in (K.CLEARED, K.AUTHORIZED, K.DECLINED, K.REFUND, K.REVERSAL):
        found = [event for event in events if event.kind == kind]
        if found:
            return found
    return []


def _state(events: Sequence[TransactionEvent]) -> TransactionState:
    kinds = {event.kind for event in events}
    if K.CLEARED in kinds:
        return _state_when_cleared(events, kinds)
    if K.DECLINED in kinds:
        return S.CANCELLED if K.AUTHORIZED in kinds else S.DECLINED
    if K.AUTHORIZED in kinds:
        released = _asked(events, K.REVERSAL)
        if released + ROUNDING >= _asked(events, K.AUTHORIZED) > 0 and released:
            return S.REVERSED
        return S.PARTLY_REVERSED if released else S.AUTHORIZED
    return S.REFUNDED if K.REFUND in kinds else S.REVERSED


def _state_when_cleared(events: Sequence[TransactionEvent], kinds: set[str]) -> TransactionState:
    cleared, refunded = _asked(events, K.CLEARED), _asked(events, K.REFUND)
    if refunded:
        return S.REFUNDED if refunded + ROUNDING >= cleared else S.PARTLY_REFUNDED
    if K.AUTHORIZED not in kinds:
        return S.CLEARED
    hold = _asked(events, K.AUTHORIZED) - _asked(events, K.REVERSAL)
    if cleared > hold + ROUNDING:
        return S.OVER_CAPTURED
    is_open = cleared < hold - ROUNDING and K.DECLINED not in kinds
    return S.PARTLY_CLEARED if is_open else S.CLEARED


def _asked(events: Sequence[TransactionEvent], kind: str) -> Decimal:
    """Add up what the merchant asked for: no exchange rate moves it. Where its currency changed, what was billed."""
    is_one_currency = len({event.transaction_currency for event in events}) == 1
    name = "transaction_amount" if is_one_currency else "bill_amount"
    return sum((getattr(event, name) for event in events if event.kind == kind), Decimal(0))


def _total(events: Sequence[TransactionEvent], kind: str) -> Decimal:
    return sum((event.bill_amount for event in events if event.kind == kind), Decimal(0))


def _first_known(events: Sequence[TransactionEvent], name: str) -> str:
    return next((value for event in events if (value := getattr(event, name))), "")
