"""Which lines of the provider's list say what a webhook said too. Pure, and the same whichever came first.

The two share no id. They are one event when kind, both amounts and the merchant agree and their times lie within ten
minutes; each webhook answers for one line only, so a second line without a webhook counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from cards.models import TransactionEvent

TOLERANCE = timedelta(minutes=10)

Likeness = tuple[str, Decimal, str, Decimal, str, str]


def pair(ordered: Iterable[TransactionEvent]) -> list[tuple[TransactionEvent, TransactionEvent]]:
    """Return each line of the list that a webhook covers, with that webhook's event. Takes the events in order."""
    lines: dict[Likeness, list[TransactionEvent]] = defaultdict(list)
    told: dict[Likeness, list[TransactionEvent]] = defaultdict(list)
    for event in ordered:
        sides = lines if event.source == TransactionEvent.Source.POLL else told
        sides[likeness(event)].append(event)
    return [both for like, listed in lines.items() for both in _pair_alike(listed, told[like])]


def likeness(event: TransactionEvent) -> Likeness:
    return (
        event.kind,
        event.bill_amount,
        event.bill_currency,
        event.transaction_amount,
        event.transaction_currency,
        folded(event.merchant_name),
    )


def folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _pair_alike(
    lines: Sequence[TransactionEvent], told: Sequence[TransactionEvent]
) -> list[tuple[TransactionEvent, TransactionEvent]]:
    """Pair as many as can be, going through both in time."""
    pairs, at = [], 0
    for line in lines:
        while at < len(told) and told[at].occurred_at < line.occurred_at - TOLERANCE:
            at += 1
        if at < len(told) and told[at].occurred_at <= line.occurred_at + TOLERANCE:
            pairs.append((line, told[at]))
            at += 1
    return pairs
