"""Movements of a card: /cards/individual-cards/transactions and accumulated spending."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from sandbox import declines, ledger, switches
from sandbox.api.cards import find_card
from sandbox.errors import ApiError, bad_request, business_rule, not_found, respond, value_not_allowed
from sandbox.models import Card, Movement
from sandbox.payloads import read_day
from sandbox.records import timestamp

OPERATIONS = (
    "TRANSACTION_AUTHORIZATION",
    "TRANSACTION_APPROVED",
    "TRANSACTION_REJECTED",
    "TRANSACTION_REVERSED",
    "TRANSACTION_REFUND",
    "WALLET_DEPOSIT",
    "OVERRIDE_VIRTUAL_BALANCE",
)
STORED_CLEARED = "TRANSACTION_CLEARED"
SORT_FIELDS = {"datetime": "created_at", "bill_amount": "bill_amount", "operation": "operation"}
LARGEST_PAGE = 100
DEFAULT_PAGE = 10
DEFAULT_DAYS = 7


def search_transactions(request: HttpRequest, card_id: str) -> HttpResponse:
    card = find_card(card_id)
    found = _found(card, request.GET)
    size = _number(request.GET, "size", DEFAULT_PAGE, largest=LARGEST_PAGE)
    page = _number(request.GET, "page_number", 1)
    total = found.count()
    if total == 0 and switches.value_of("empty_history_is_404"):
        raise not_found("Movements not found")
    pages = -(-total // size)
    movements = [_movement_record(movement) for movement in found[(page - 1) * size : page * size]]
    return respond(
        {
            "number_of_elements": len(movements),
            "next_page": page + 1 if page < pages else None,
            "total_pages": pages,
            "total_elements": total,
            "movements": movements,
        }
    )


def _found(card: Card, query: QueryDict) -> QuerySet[Movement]:
    operations = query.getlist("operations")
    cleared = switches.value_of("cleared_operation")
    if not operations:
        raise business_rule("At least one operation must be specified in the 'operations' parameter.")
    if set(operations) - {*OPERATIONS, cleared}:
        raise value_not_allowed()
    stored = [STORED_CLEARED if operation == cleared else operation for operation in operations]
    first, last = _days(query)
    found = card.movements.filter(operation__in=stored, created_at__date__gte=first, created_at__date__lte=last)
    return found.order_by(*_order(query))


def _days(query: QueryDict) -> tuple[date, date]:
    today = timezone.now().date()
    first = _day(query.get("from_date"), today - timedelta(days=DEFAULT_DAYS))
    last = _day(query.get("to_date"), today)
    if first is None or last is None or first > last:
        raise ApiError(400, "APP_ERROR", "Dates are not valid.")
    return first, last


def _day(value: str | None, default: date) -> date | None:
    return default if value is None else read_day(value)


def _order(query: QueryDict) -> tuple[str, str]:
    field, direction = query.get("sort_field", "datetime"), query.get("sort_order", "DESC")
    if field not in SORT_FIELDS or direction not in ("ASC", "DESC"):
        raise value_not_allowed()
    sign = "-" if direction == "DESC" else ""
    return f"{sign}{SORT_FIELDS[field]}", f"{sign}id"


def _number(query: QueryDict, name: str, default: int, *, largest: int = 1_000_000) -> int:
    value = query.get(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= largest:
        raise bad_request(f"{name} must be a number from 1 to {largest}")
    return int(value)


def _movement_record(movement: Movement) -> dict[str, Any]:
    is_cleared = movement.operation == STORED_CLEARED
    return {
        "id": str(movement.id),
        "datetime": timestamp(movement.created_at),
        "operation": switches.value_of("cleared_operation") if is_cleared else movement.operation,
        "bill_amount": movement.bill_amount,
        "bill_currency": "USD",
        "transaction_amount": movement.transaction_amount,
        "transaction_currency": movement.transaction_currency,
        "exchange_rate": _exchange_rate(movement),
        "merchant_name": movement.merchant_name or None,
        "original_balance": movement.original_balance,
        "new_balance": movement.new_balance,
        "status": movement.status,
        "decline_reason": declines.in_rest(movement.decline_code),
        "fee_fx_provider": movement.fx_fee,
        "fee_fx_client": Decimal(0),
        "fee_atm_provider": movement.atm_fee,
        "fee_atm_client": Decimal(0),
        "fee_deposit_provider": movement.deposit_fee,
        "fee_deposit_client": Decimal(0),
    }


def _exchange_rate(movement: Movement) -> Decimal:
    if not movement.transaction_amount:
        return Decimal(1)
    return (movement.bill_amount / movement.transaction_amount).quantize(Decimal("0.000001"))


def get_accumulated_spending(request: HttpRequest, card_id: str) -> HttpResponse:
    card = find_card(card_id)
    return respond(
        {
            "daily_spending": ledger.spent(card, days=1),
            "weekly_spending": ledger.spent(card, days=7),
            "monthly_spending": ledger.spent(card, days=30),
        }
    )
