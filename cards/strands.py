"""The timeline's strands about a customer's cards: purchases, and what the portal pointed out."""

from django.db.models import Q, QuerySet
from django.urls import reverse

from cards.models import Notice, Transaction
from customers.models import Customer
from customers.timeline import Entry, Part, Reader, Strand


def _purchases(customer: Customer) -> QuerySet[Transaction]:
    cards = list(customer.cards.values_list("pk", flat=True))  # a few; named, each is found by its index
    return Transaction.objects.filter(card__in=cards).select_related("card")


def _of_purchase(purchase: Transaction, _: Reader) -> Entry:
    state = purchase.state_choice
    return Entry(
        at=purchase.first_at,
        text=f"Purchase, {purchase}: {state.label.lower()}",
        meaning=getattr(state, "meaning", "neutral"),
        note=f"Card {purchase.card.masked}",
        picture="card",
        url=reverse("cards:transaction", args=[purchase.pk]),
    )


def _notices(customer: Customer) -> QuerySet[Notice]:
    return customer.notices.select_related("card", "seen_by")


def _of_notice(notice: Notice, _: Reader) -> Entry:
    seen = f"Seen by {notice.seen_by.get_username()}" if notice.seen_by else "Nobody has seen it yet"
    return Entry(at=notice.created_at, text=notice.text, note=seen, picture="bell")


def strands() -> list[Strand]:
    of_cards = {Part.CARDS: Q()}
    return [
        Strand(
            "purchases", _purchases, _of_purchase, at="first_at", parts=of_cards, permission="cards.view_transaction",
            is_brief=False,
        ),
        Strand(
            "notices", _notices, _of_notice, at="created_at", parts=of_cards, permission="cards.view_card",
            is_brief=False,
        ),
    ]  # fmt: skip
