"""A card's movements, and pages of things."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Self, TypeVar

from cryptomate.errors import MalformedAnswer
from cryptomate.reading import Record

T = TypeVar("T")
FEES = (
    "fee_fx_provider",
    "fee_fx_client",
    "fee_atm_provider",
    "fee_atm_client",
    "fee_deposit_provider",
    "fee_deposit_client",
)


@dataclass(frozen=True, kw_only=True)
class DeclineReason:
    """Why a purchase was declined. Branch on `code` only, and expect codes that no list names."""

    code: str
    simple_reason: str
    detailed_reason: str

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self | None:
        if not value:
            return None
        if isinstance(value, str):
            return cls(code=value, simple_reason=value, detailed_reason=value)
        record = Record(value, at)
        simple_reason = record.text("simple_reason", "description")
        return cls(
            code=record.text("code", "response_code"),
            simple_reason=simple_reason,
            detailed_reason=record.text("detailed_reason") or simple_reason,
        )


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One line of a card's history. `bill_amount` is in `bill_currency`, US dollars so far."""

    id: str
    datetime: datetime
    operation: str
    status: str  # the provider's word; its pages disagree
    bill_amount: Decimal | None
    bill_currency: str
    transaction_amount: Decimal | None
    transaction_currency: str
    exchange_rate: Decimal | None
    merchant_name: str
    original_balance: Decimal | None
    new_balance: Decimal | None
    decline_reason: DeclineReason | None
    fees: Mapping[str, Decimal]  # those the provider named, under its own names
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        happened_at = record.moment("datetime")
        if happened_at is None:
            raise MalformedAnswer(record.path("datetime"))
        return cls(
            id=record.essential("id"),
            datetime=happened_at,
            operation=record.essential("operation").upper(),
            status=record.text("status"),
            bill_amount=record.money("bill_amount"),
            bill_currency=record.text("bill_currency"),
            transaction_amount=record.money("transaction_amount"),
            transaction_currency=record.text("transaction_currency"),
            exchange_rate=record.money("exchange_rate"),
            merchant_name=record.text("merchant_name"),
            original_balance=record.money("original_balance"),
            new_balance=record.money("new_balance"),
            decline_reason=DeclineReason.from_json(record.raw.get("decline_reason"), record.path("decline_reason")),
            fees={name: fee for name in FEES if (fee := record.money(name)) is not None},
            raw=record.raw,
        )


@dataclass(frozen=True, kw_only=True)
class MovementPage:
    """Movements newest first; `next_page` is None on the last page."""

    movements: tuple[Movement, ...] = ()
    next_page: int | None = None
    total_pages: int = 0
    total_elements: int = 0

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        if "movements" not in record.raw:
            raise MalformedAnswer(record.path("movements"))
        return cls(
            movements=record.each("movements", Movement.from_json),
            next_page=record.integer("next_page"),
            total_pages=record.integer("total_pages") or 0,
            total_elements=record.integer("total_elements") or 0,
        )


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a search; pages count from 0."""

    items: tuple[T, ...]
    page: int
    size: int
    total_elements: int
    total_pages: int

    @classmethod
    def of(cls, make: Callable[[object, str], T]) -> "Callable[[object], Page[T]]":
        def from_json(value: object) -> Page[T]:
            record = Record(value)
            if "content" not in record.raw:
                raise MalformedAnswer("content")
            items = record.each("content", make)
            return Page(
                items=items,
                page=record.integer("page") or 0,
                size=record.integer("size") or len(items),
                total_elements=record.integer("total_elements") or len(items),
                total_pages=record.integer("total_pages") or 1,
            )

        return from_json
