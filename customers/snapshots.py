"""Each of the provider's answers is kept as it came, with what it changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from cryptomate import MissingRequirements
from customers.counting import count_new_kinds
from customers.differences import Answer, Difference, difference
from customers.masking import known_values
from customers.models import Customer, EnablementRequest, RequirementSnapshot
from customers.reasons import note_unknown
from customers.supplied import supplied_keys
from provider.causes import cause

Occasion = RequirementSnapshot.Occasion
NEWS_LOOKED_AT = 60  # snapshots; nearly each of them changed something


@dataclass(frozen=True)
class News:
    """What one answer of the provider's changed, in sentences."""

    at: datetime
    occasion: str
    difference: Difference

    @property
    def sentences(self) -> str:
        return self.difference.sentences

    @property
    def lines(self) -> list[str]:
        return self.difference.lines


def keep_snapshot(request: EnablementRequest, occasion: Occasion) -> None:
    """Keep what the request now misses and what is flagged, unless the newest snapshot says the same."""
    now = Answer(request.missing_requirements, request.rejected_items)
    digest = _digest(now)
    newest = request.snapshots.order_by("-taken_at").first()
    if newest and newest.digest == digest:
        return
    earlier = answers_of(request.customer)
    changed = _difference(request.customer, earlier, now)
    RequirementSnapshot.objects.create(
        request=request,
        occasion=occasion,
        missing_requirements=now.missing,
        rejected_items=now.rejected,
        difference=changed.to_json(),
        digest=digest,
        call_id=cause(),
    )
    _count(request.customer, earlier, now, changed)


def news_of(customer: Customer) -> list[News]:
    """Return what the provider's answers changed, the newest first."""
    snapshots = RequirementSnapshot.objects.filter(request__customer=customer).order_by("-taken_at")
    found = [
        News(snapshot.taken_at, snapshot.get_occasion_display(), Difference.from_json(snapshot.difference))
        for snapshot in snapshots.only("taken_at", "occasion", "difference")[:NEWS_LOOKED_AT]
    ]
    return [news for news in found if news.difference]


def answers_of(customer: Customer) -> list[Answer]:
    """Return all the provider said of the customer's requests, oldest first."""
    snapshots = RequirementSnapshot.objects.filter(request__customer=customer).order_by("taken_at")
    return [Answer(snapshot.missing_requirements, snapshot.rejected_items) for snapshot in snapshots]


def _difference(customer: Customer, earlier: list[Answer], now: Answer) -> Difference:
    before = earlier[-1] if earlier else None
    supplied = supplied_keys(customer, [*earlier, now])
    return difference(before, now, earlier=earlier[:-1], supplied=supplied)


def _count(customer: Customer, earlier: list[Answer], now: Answer, changed: Difference) -> None:
    before = earlier[-1].missing if earlier else {}
    count_new_kinds(MissingRequirements.from_json(now.missing), before=MissingRequirements.from_json(before))
    hide = known_values(customer)
    note_unknown(hide(reason) for item in changed.came_back for reason in item.reasons)


def _digest(answer: Answer) -> str:
    said = [answer.missing, answer.rejected]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
