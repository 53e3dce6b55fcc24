"""The provider's own webhook simulators: /cards/webhook/simulate."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from sandbox import ledger, merchants
from sandbox.errors import business_rule, missing_value, not_found
from sandbox.models import Card, Purchase
from sandbox.payloads import Fields, read

KEYS = ("card_id", "bill_amount")


def simulate_authorize(request: HttpRequest) -> HttpResponse:
    body = read(request, known=KEYS)
    card_id = body.text("card_id")
    if not Card.objects.filter(id=card_id).exists():
        raise business_rule("Card not found")
    ledger.authorize(card_id, merchants.order({"amount": _bill_amount(body)}))
    return HttpResponse(status=201)


def simulate_clearing(request: HttpRequest) -> HttpResponse:
    ledger.clear(_open_purchase(read(request, known=KEYS)))
    return HttpResponse(status=201)


def simulate_reversal(request: HttpRequest) -> HttpResponse:
    body = read(request, known=KEYS)
    amount = _bill_amount(body)
    purchase = _open_purchase(body)
    if amount > purchase.held_amount:
        raise business_rule("bill_amount exceeds the authorized amount")
    ledger.reverse(purchase, amount)
    return HttpResponse(status=201)


def simulate_refund(request: HttpRequest) -> HttpResponse:
    body = read(request, known=KEYS)
    card_id, amount = body.text("card_id"), _bill_amount(body)
    purchase = ledger.last_cleared(card_id)
    if purchase is None:
        raise not_found(f"Cleared transaction not found for card {card_id}")
    if amount > purchase.refundable_amount:
        raise business_rule("bill_amount exceeds the cleared amount")
    ledger.refund(purchase, amount)
    return HttpResponse(status=201)


def _open_purchase(body: Fields) -> Purchase:
    card_id = body.text("card_id")
    purchase = ledger.last_open(card_id)
    if purchase is None:
        raise not_found(f"Authorization event not found for card {card_id}")
    return purchase


def _bill_amount(body: Fields) -> Decimal:
    amount = body.optional_amount("bill_amount")
    if amount is None:
        raise missing_value("billAmount must not be null")
    if amount <= 0 or amount >= 10**9:
        raise business_rule("billAmount must be greater than 0")
    return ledger.money(amount)
