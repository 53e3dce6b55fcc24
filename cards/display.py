"""What the pages say about a card and its calls, and when they ask again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from cards.models import Card
from cards.statuses import CARD_WORDS, CardStatus, HoldReason
from customers.display import DOING, Face, face_of_gate, face_of_waiting, is_late
from customers.models import Customer
from provider import circuit
from provider.circuit import Gate
from provider.models import CallKind, CallState, ProviderCall

AT_REST = 2000  # milliseconds
REFUSAL_SHOWN = timedelta(days=1)
PACES = [500, 1000, 2000, 5000]  # milliseconds; few, so that a page is drawn again when its pace changes
POLL_GROWTH = 8  # a page asks after an eighth of the time that it has been waiting

AFTER_REFUSAL = {
    CallKind.ISSUE_CARD: "Put that right, then issue the card again.",
    CallKind.SET_FROZEN: "The card is as it was. Refresh it, then try again.",
    CallKind.SET_LIMITS: "The limits are as they were. Change them once more.",
    CallKind.DELETE_CARD: "The card is as it was. Put that right, then delete it again.",
    CallKind.SET_VELOCITY_RULES: "The rules are as they were. Change them once more.",
}


def card_names(customer: Customer, rows: Collection[UUID]) -> dict[UUID, str]:
    """Return what the cards among these rows are called, and the calls that issued one."""
    named = customer.cards.filter(Q(pk__in=rows) | Q(call__in=rows)).exclude(last4="")
    return {pk: f"Card {card.masked}" for card in named for pk in (card.pk, card.call_id) if pk}


def doing(call: ProviderCall) -> str:
    if call.kind == CallKind.SET_FROZEN:
        return "Freezing the card" if call.payload.get("freeze") else "Unfreezing the card"
    return DOING.get(CallKind(call.kind), call.get_kind_display())


def under_way(calls: Iterable[ProviderCall], *kinds: CallKind) -> str:
    """Return why it cannot be asked for while one of these is, or an empty string."""
    call = next((call for call in calls if call.kind in kinds and call.is_open), None)
    return f"{doing(call)} is under way: wait for CryptoMate’s answer." if call else ""


def next_step(card: Card, calls: Sequence[ProviderCall]) -> str:
    """Return the line under the card's number: where it stands and what helps."""
    under_way = next((call for call in calls if call.is_open), None)
    if under_way:
        return f"{doing(under_way)} at CryptoMate"
    if card.remote_status.lower() not in CARD_WORDS and card.remote_status:
        return f"CryptoMate says “{card.remote_status}”. The portal does not know this word"
    if card.status == CardStatus.ACTIVE:
        return "Purchases within the limits are approved"
    return _when_held(card) or f"The card is {card.get_status_display().lower()}; every purchase is declined"


def _when_held(card: Card) -> str:
    if card.hold_reason == HoldReason.VELOCITY:
        return "A velocity rule stopped it. Check the purchases with the cardholder, then unfreeze it"
    if card.status == CardStatus.FROZEN:
        who = "A person" if card.hold_reason == HoldReason.OFFICER else "CryptoMate"
        return f"{who} froze it. Every purchase is declined until somebody unfreezes it"
    if card.status == CardStatus.BLOCKED:
        return "CryptoMate blocked it. Write to its support to have it released"
    return ""


def faces(calls: Sequence[ProviderCall], now: datetime) -> list[Face]:
    """Return what must be seen before the rest: the newest call of each kind where it is refused or slow."""
    newest: dict[str, ProviderCall] = {}
    for call in calls:
        newest.setdefault(call.kind, call)
    gate = gate_for(calls)
    held = face_of_gate(gate)
    return [
        *([held] if held else []),
        *[face for call in newest.values() if (face := face_of_call(call, now, gate))],
    ]


def gate_for(calls: Iterable[ProviderCall]) -> Gate:
    """Return what keeps calls from the provider, where one of these waits."""
    return circuit.look() if any(call.is_open for call in calls) else Gate()


def face_of_call(call: ProviderCall, now: datetime, gate: Gate) -> Face | None:
    if call.state == CallState.REFUSED:
        return _refused(call) if call.answered_at and now - call.answered_at < REFUSAL_SHOWN else None
    if not call.is_open or (gate.is_shut and call.state == CallState.WANTED):
        return None
    return face_of_waiting(call, doing(call)) if call.error_code or is_late(call, now) else None


def _refused(call: ProviderCall) -> Face:
    title = f"CryptoMate refused {doing(call).lower()}"
    quotes = (call.message,) if call.message else ()
    return Face("refused", title, AFTER_REFUSAL[CallKind(call.kind)], quotes, trace_id=call.trace_id)


def poll_ms(calls: Iterable[ProviderCall], now: datetime, *, at_rest: int = AT_REST) -> int:
    """Return after how many milliseconds to ask again: soon while a call is open, ever later the longer it takes."""
    waiting_since = max((call.wanted_at for call in calls if call.is_open), default=None)
    if waiting_since is None:
        return at_rest
    wanted = (now - waiting_since) / POLL_GROWTH
    return next((pace for pace in PACES if wanted <= timedelta(milliseconds=pace)), PACES[-1])
