"""What the search box finds across customers, cards and purchases, for one person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import and_
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.sight import SEES
from cards.models import Card, Transaction
from cards.searching import WINDOW, cards_by_ids, cards_ending_in, purchases_of_operation, purchases_with
from cards.statuses import CardStatus
from customers import searching
from customers.facts import mask_phone, phone_of
from customers.models import Customer
from customers.searching import Way
from desk.asked import Asked, readings
from vault.masking import mask_email
from webhooks.models import WebhookEvent

MOST_PEOPLE = 50  # whose purchases are looked at
CARDS_BESIDE = 3  # that stand with a customer
BOUND = (
    f"A merchant is looked for in the last {WINDOW:,} purchases. Add a name or a card to look through all of theirs."
)
# Where few rows are asked for the planner takes reading the whole table for cheap; it is not where there are none.
BY_INDEX = """
SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
"""


@dataclass(frozen=True)
class Hit:
    """One thing that was found; `matched` says by what, `is_it` that it was asked for, not only near or beside."""

    url: str
    title: str
    matched: str
    detail: str
    status: Any
    is_it: bool = True
    purchase: Transaction | None = None


@dataclass(frozen=True)
class Group:
    id: str
    title: str
    hits: list[Hit]
    is_cut: bool
    note: str = ""


@dataclass
class _Looking:
    """One search under way: who asks, and how much of each sort is wanted."""

    by: User
    most: int
    found: dict[str, dict[str, Hit]] = field(default_factory=lambda: {"customers": {}, "cards": {}, "purchases": {}})
    wants_purchases: bool = False
    has_window: bool = False

    def add(self, group: str, hits: Iterable[Hit]) -> None:
        for hit in hits:
            self.found[group].setdefault(hit.url, hit)

    @property
    def has_found(self) -> bool:
        return any(hit.is_it for hits in self.found.values() for hit in hits.values())


@transaction.atomic
def find(text: str, *, by: User, most: int) -> list[Group]:
    """Return what was found, at most so many of each sort, the best first.

    A person finds what they may see; who may not see personal data finds by a whole e-mail or phone only, since a part
    would let it be guessed. Raises Unclear.
    """
    looking = _Looking(by, most)
    meanings = readings(text)
    if meanings:
        _look_by_index()
    looking.wants_purchases = len(meanings) == 1 and meanings[0].is_about_purchases
    for asked in meanings:
        # Merchants are the dearest to look for, and hardly meant where the same words are somebody's name.
        if not (asked.merchant and looking.has_found and len(meanings) > 1):
            _look(looking, asked)
    return _groups(looking)


def _look_by_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_INDEX)


def _look(looking: _Looking, asked: Asked) -> None:
    people = _people(looking, asked) if asked.is_about_people else None
    if people is not None:
        looking.add("customers", _customer_hits(looking, people, asked))
    if looking.by.has_perm("cards.view_card"):
        looking.add("cards", _cards(looking, asked, people))
    if looking.by.has_perm("cards.view_transaction"):
        looking.add("purchases", _purchases(looking, asked, people))


def _groups(looking: _Looking) -> list[Group]:
    nothing = not any(looking.found.values())
    groups = []
    for name, title in {"customers": "Customers", "cards": "Cards", "purchases": "Transactions"}.items():
        hits = list(looking.found[name].values())
        is_looked_for = looking.wants_purchases or (looking.has_window and nothing)
        if hits or (is_looked_for and name == "purchases"):
            note = BOUND if looking.has_window and name == "purchases" else ""
            groups.append(Group(name, title, hits[: looking.most], len(hits) > looking.most, note))
    return groups


# --- Customers

People = dict[UUID, tuple[Customer, str, bool]]


def _people(looking: _Looking, asked: Asked) -> People:
    """Return the customers that fit, each with what matched and whether it is only near."""
    whole = not looking.by.has_perm(SEES)
    rows = searching.searchable()
    by_ids: dict[UUID, str] = {}
    if asked.id:
        by_ids = _by_ids(asked, looking.by)
        rows = rows.filter(pk__in=list(by_ids))
    if asked.card:
        rows = rows.filter(pk__in=list(cards_ending_in(asked.card).values_list("customer_id", flat=True)))
    found: People = {}
    most = max(looking.most, MOST_PEOPLE) if asked.is_about_purchases else looking.most
    for way in _ways(asked, whole=whole):
        wanted = rows.filter(way.condition).exclude(pk__in=list(found))
        for customer in wanted[: most + 1 - len(found)]:
            matched = by_ids.get(customer.pk) or _matched(asked, customer, way, whole=whole)
            found[customer.pk] = (customer, matched, way.is_near)
        if len(found) > most:
            break
    return found


def _by_ids(asked: Asked, by: User) -> dict[UUID, str]:
    numbered = dict.fromkeys(searching.find_by_id_number(asked.id, by=by), "ID number")
    return numbered | searching.by_ids(asked.id, asked.uuid)


def _ways(asked: Asked, *, whole: bool) -> Iterator[Way]:
    """Return the ways to find people, each narrowed by all that is asked, the closest first."""
    ways = [
        list(searching.by_name(asked.name)) if asked.name else [],
        list(searching.by_email(asked.email, whole=whole)) if asked.email else [],
        list(searching.by_phone(asked.phone, whole=whole)) if asked.phone else [],
    ]
    asked_for = [each for each, is_asked in zip(ways, (asked.name, asked.email, asked.phone), strict=True) if is_asked]
    for combination in product(*asked_for):
        yield Way(reduce(and_, [way.condition for way in combination], Q()), any(way.is_near for way in combination))


def _matched(asked: Asked, customer: Customer, way: Way, *, whole: bool) -> str:
    if asked.name:
        return "Name, nearly" if way.is_near else "Name"
    if asked.email:
        return "Email"
    return f"Phone {mask_phone(customer) if whole else phone_of(customer)}"


def _customer_hits(looking: _Looking, people: People, asked: Asked) -> Iterator[Hit]:
    sees = looking.by.has_perm(SEES)
    beside = _cards_beside(people) if looking.by.has_perm("cards.view_card") else {}
    for customer, matched, is_near in people.values():
        email = customer.email if sees else mask_email(customer.email)
        detail = " · ".join([email, *beside.get(customer.pk, [])])
        url = reverse("customers:detail", args=[customer.pk])
        is_it = not (is_near or asked.is_about_purchases)
        yield Hit(url, customer.full_name, matched, detail, customer.status_choice, is_it)


def _cards_beside(people: People) -> dict[UUID, list[str]]:
    beside: dict[UUID, list[str]] = {}
    for card in Card.objects.filter(customer__in=list(people)).exclude(status=CardStatus.DELETED).newest_first():
        beside.setdefault(card.customer_id, []).append(card.masked)
    return {pk: masked[:CARDS_BESIDE] for pk, masked in beside.items()}


# --- Cards


def _cards(looking: _Looking, asked: Asked, people: People | None) -> list[Hit]:
    if asked.card and not asked.is_about_purchases:
        cards = cards_ending_in(asked.card)
        cards = cards if people is None else cards.filter(customer__in=list(people))
        return [_card_hit(card, "Last four") for card in cards[: looking.most + 1]]
    if asked.id:
        return [_card_hit(card, "Card id") for card in cards_by_ids(asked.id, asked.uuid)]
    return []


def _card_hit(card: Card, matched: str) -> Hit:
    url = reverse("cards:detail", args=[card.pk])
    return Hit(url, card.masked, matched, f"{card.customer.full_name}, as {card.holder_name}", card.status_choice)


# --- Purchases


def _purchases(looking: _Looking, asked: Asked, people: People | None) -> list[Hit]:
    if asked.is_about_purchases:
        return [_purchase_hit(each, _why(asked)) for each in _wanted(looking, asked, people)[: looking.most + 1]]
    if asked.uuid:
        at_address = Transaction.objects.with_card().at_address(asked.uuid)
        return [_purchase_hit(at_address, "Transaction id")] if at_address else []
    return [_purchase_hit(each, "Operation id") for each in _of_operation(asked.id)] if asked.id else []


def _wanted(looking: _Looking, asked: Asked, people: People | None) -> QuerySet[Transaction]:
    cards = _cards_of(asked, people)
    looking.has_window |= cards is None and bool(asked.merchant)
    return purchases_with(amount=asked.amount, merchant=asked.merchant, of_cards=cards)


def _cards_of(asked: Asked, people: People | None) -> list[UUID] | None:
    if people is None and not asked.card:
        return None
    cards = cards_ending_in(asked.card) if asked.card else Card.objects.all()
    cards = cards if people is None else cards.filter(customer__in=list(people))
    return list(cards.values_list("pk", flat=True))


def _of_operation(operation_id: str) -> Iterable[Transaction]:
    """Find by what was delivered: the events themselves have no index for it, which each purchase would pay for."""
    told = WebhookEvent.objects.filter(operation_id=operation_id).values_list("card_id", flat=True)
    cards = {card for card in told[:MOST_PEOPLE] if card}
    return purchases_of_operation(operation_id, cards) if cards else []


def _why(asked: Asked) -> str:
    if asked.amount is None:
        return "Merchant"
    return "Amount and merchant" if asked.merchant else "Amount"


def _purchase_hit(purchase: Transaction, matched: str) -> Hit:
    url = reverse("cards:transaction", args=[purchase.pk])
    detail = f"{purchase.card.masked} · {purchase.card.customer.full_name}"
    title = purchase.merchant_name or "Unknown merchant"
    return Hit(url, title, matched, detail, purchase.state_choice, purchase=purchase)
