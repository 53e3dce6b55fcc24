"""What the generated cards, customers and purchases are. Each row follows from its number alone.

So a bench knows which card may spend, and how much, without asking the portal it measures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

from cards.authorizations import Authorization, Reason, Standing
from cards.models import Card, Placement, Transaction, TransactionEvent
from cards.statuses import ApprovalMethod, CardStatus, EventKind, HoldReason, Match, TransactionState
from customers.choices import AccountPurpose, AnnualSalary, Gender, MonthlyVolume
from customers.models import Customer, normal_id_number
from customers.statuses import CustomerStatus
from portal.benches._rows import Table
from vault.cipher import keyed_hash

FIRST_NAMES = [
    "Adriana", "Ahmed", "Alejandra", "Amara", "Ana", "Andrés", "Anna", "Arjun", "Beatriz", "Camila", "Carlos", "Chen",
    "Chloe", "Daniel", "David", "Diego", "Elena", "Emma", "Fatima", "Fernando", "Gabriel", "Grace", "Hana", "Hugo",
    "Ingrid", "Isabella", "James", "Jin", "João", "José", "Julia", "Kofi", "Lara", "Layla", "Leo", "Lucía", "Luis",
    "Maria", "Mateo", "Mei", "Miguel", "Mohamed", "Nadia", "Noah", "Olga", "Omar", "Paula", "Pedro", "Priya",
    "Rafael", "Rosa", "Samuel", "Santiago", "Sofía", "Tomás", "Valentina", "Wei", "Yara", "Yusuf", "Zoe",
]  # fmt: skip
LAST_NAMES = [
    "Abbott", "Acosta", "Aguilar", "Almeida", "Andersson", "Bauer", "Becker", "Benítez", "Blanco", "Brown",
    "Castillo", "Castro", "Chávez", "Cruz", "Delgado", "Díaz", "Dubois", "Fernández", "Ferreira", "Flores", "García",
    "Gómez", "González", "Guerrero", "Gutiérrez", "Haddad", "Hernández", "Herrera", "Ivanova", "Jensen", "Jiménez",
    "Johnson", "Khan", "Kim", "Kowalski", "Lopes", "López", "Martínez", "Medina", "Mendoza", "Meyer", "Molina",
    "Morales", "Moreno", "Müller", "Nakamura", "Navarro", "Nguyen", "Novak", "O'Brien", "Okafor", "Ortiz", "Patel",
    "Pereira", "Pérez", "Ramírez", "Ramos", "Reyes", "Rivera", "Rodríguez", "Rojas", "Romero", "Rossi", "Ruiz",
    "Salazar", "Sánchez", "Santos", "Schmidt", "Silva", "Singh", "Smith", "Soto", "Suárez", "Tanaka", "Torres",
    "Vargas", "Vega", "Vázquez", "Wagner", "Wang", "Williams", "Yilmaz", "Zhang",
]  # fmt: skip
MERCHANTS = (
    ("Acme Coffee", "5812", "Restaurants"),
    ("City Market", "5411", "Grocery stores"),
    ("Blue Line Transit", "4111", "Local transport"),
    ("Northern Books", "5942", "Book stores"),
    ("Harbour Pharmacy", "5912", "Drug stores"),
    ("Streamly", "4899", "Television and streaming"),
    ("Orchid Hotel", "7011", "Hotels"),
)
K = EventKind
# A card's first five events, each with the purchase it belongs to; a card that has more begins again.
PATTERN = ((K.AUTHORIZED, 0), (K.CLEARED, 0), (K.AUTHORIZED, 1), (K.CLEARED, 1), (K.DECLINED, 2))
PURCHASES_OF_PATTERN = 3
TIGHT_LIMIT = Decimal(100)  # USD a day
WIDE_LIMIT = Decimal(50_000)
MINUTES = 60 * 24 * 60  # the purchases are spread over sixty days
CLEARED_AFTER = 30  # minutes
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
MOMENTS = [(NOW - timedelta(minutes=minute)).isoformat() for minute in range(MINUTES)]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Filling:
    """A table, the rows that go into it, and how many they are."""

    table: Table
    rows: Iterator[Row]
    count: int


def fillings(*, cards: int, events: int) -> Iterator[Filling]:
    """Return what fills a database, each table after those it refers to."""
    if events % len(PATTERN):
        raise ValueError(f"The number of events is a multiple of {len(PATTERN)}.")
    purchases = events // len(PATTERN) * PURCHASES_OF_PATTERN
    yield Filling(CUSTOMERS, map(customer_row, range(cards)), cards)
    yield Filling(CARDS, map(card_row, range(cards)), cards)
    yield Filling(TRANSACTIONS, (_transaction(index, cards) for index in range(purchases)), purchases)
    yield Filling(EVENTS, (_event(index, cards) for index in range(events)), events)
    yield Filling(PLACEMENTS, map(_placement, range(events)), events)
    yield Filling(AUTHORIZATIONS, (_authorization(index, cards) for index in range(purchases)), purchases)


# --- What a bench knows of a card by its number


def card_key(number: int) -> UUID:
    return key("card", number)


def customer_key(number: int) -> UUID:
    return key("customer", number)


def card_api_id(number: int) -> str:
    return f"icrd_{number}"


def is_frozen(number: int) -> bool:
    return number % 97 == 96


def is_of_rejected_customer(number: int) -> bool:
    return number % 499 == 498


def is_tight(number: int) -> bool:
    """Say whether the card may spend no more than TIGHT_LIMIT a day."""
    return number % 1009 == 1008


def may_spend(number: int) -> bool:
    return not (is_frozen(number) or is_of_rejected_customer(number))


# --- The tables


IDENTITY = (
    "individual_cards", "gender", "id_type", "id_number_hash", "occupation", "annual_salary", "account_purpose",
    "expected_monthly_volume",
)  # fmt: skip
CUSTOMERS = Table(
    Customer,
    varying=(
        "id", "api_id", "status", "first_name", "last_name", "email", "phone_number", "created_at", *IDENTITY,
    ),
    constant={
        "birth_date": date(1990, 5, 17), "phone_country_code": 52, "street_line1": "Avenida Central 12",
        "city": "Puebla", "postal_code": "72000", "country": "MEX", "state": "PUE", "remote_status": "active",
    },
)  # fmt: skip
CARDS = Table(
    Card,
    varying=(
        "id", "customer_id", "api_id", "last4", "holder_name", "status", "hold_reason", "daily_limit", "issued_at",
    ),
    constant={
        "expiration_month": 11, "expiration_year": 2031, "remote_status": "ACTIVE",
        "approval_method": ApprovalMethod.WEBHOOK, "weekly_limit": WIDE_LIMIT * 2, "monthly_limit": WIDE_LIMIT * 8,
        "per_transaction_limit": WIDE_LIMIT,
    },
)  # fmt: skip
AMOUNTS = ("bill_amount", "transaction_amount")
MERCHANT = ("merchant_name", "mcc", "mcc_category")
CURRENCIES = {"bill_currency": "USD", "transaction_currency": "USD"}
PLACE = {"merchant_city": "Puebla", "merchant_country": "MEX", "channel": "POS"}
TRANSACTIONS = Table(
    Transaction,
    varying=(
        "id", "card_id", "state", *AMOUNTS, *MERCHANT, "authorized_total", "cleared_total", "decline_code", "first_at",
        "last_at", "changed_at",
    ),
    constant={**CURRENCIES, **PLACE, "reversed_total": 0, "refunded_total": 0, "fees_total": 0},
)  # fmt: skip
EVENTS = Table(
    TransactionEvent,
    varying=(
        "id", "address", "card_id", "kind", "operation_id", *AMOUNTS, *MERCHANT, "decline_code", "occurred_at",
        "received_at", "digest",
    ),
    constant={**CURRENCIES, **PLACE, "source": TransactionEvent.Source.WEBHOOK},
)  # fmt: skip
PLACEMENTS = Table(Placement, varying=("event_id", "transaction_id", "how"), constant={})
AUTHORIZATIONS = Table(
    Authorization,
    varying=(
        "id", "card_id", "delivery_key", "operation_id", "card_api_id", "response_code", "reason", *AMOUNTS, "cost",
        "merchant_name", "mcc", "decided_at", "authorized_event_id", "declined_event_id",
    ),
    constant={**CURRENCIES, "channel": PLACE["channel"], "answer_ms": 8.0, "standing": Standing.CONFIRMED},
)  # fmt: skip

# --- Their rows


def customer_row(number: int) -> Row:
    first, last = _name(number)
    return {
        "id": customer_key(number),
        "api_id": f"cli_{number}",
        "status": CustomerStatus.REJECTED if is_of_rejected_customer(number) else CustomerStatus.ACTIVE,
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{number}@example.com".lower().replace("'", ""),
        "phone_number": 2_220_000_000 + number,
        "created_at": MOMENTS[number % MINUTES],
    } | (_identity(number) if number % 10 == 0 else WITHOUT_IDENTITY)


WITHOUT_IDENTITY = {**dict.fromkeys(IDENTITY, ""), "individual_cards": False}


def _identity(number: int) -> dict[str, Any]:
    id_number = f"MX{number:09}"
    return {
        "individual_cards": True,
        "gender": Gender.FEMALE,
        "id_type": "PASSPORT",
        "id_number": id_number,
        "id_number_hash": keyed_hash(normal_id_number(id_number), purpose="id_number"),
        "occupation": "Teacher",
        "annual_salary": AnnualSalary.UP_TO_50K,
        "account_purpose": AccountPurpose.TRAVEL,
        "expected_monthly_volume": MonthlyVolume.UP_TO_2K,
    }


def _name(number: int) -> tuple[str, str]:
    others, first = divmod(number, len(FIRST_NAMES))
    return FIRST_NAMES[first], LAST_NAMES[others % len(LAST_NAMES)]


def card_row(number: int) -> Row:
    return {
        "id": card_key(number),
        "customer_id": customer_key(number),
        "api_id": card_api_id(number),
        "last4": f"{number % 10_000:04}",
        "holder_name": " ".join(_name(number)).upper(),
        "status": CardStatus.FROZEN if is_frozen(number) else CardStatus.ACTIVE,
        "hold_reason": HoldReason.OFFICER if is_frozen(number) else "",
        "daily_limit": TIGHT_LIMIT if is_tight(number) else WIDE_LIMIT,
        "issued_at": MOMENTS[number % MINUTES],
    }


def _transaction(index: int, cards: int) -> Row:
    shared, declined, began = _shared(index), _is_declined(index), _began(index)
    total = 0 if declined else shared["bill_amount"]
    return shared | {
        "id": key("purchase", index),
        "card_id": _card_of(index, cards),
        "state": TransactionState.DECLINED if declined else TransactionState.CLEARED,
        "authorized_total": total,
        "cleared_total": total,
        "decline_code": "M102" if declined else "",
        "first_at": MOMENTS[began],
        "last_at": MOMENTS[began if declined else began - CLEARED_AFTER],
        "changed_at": MOMENTS[began],
    }


def _event(index: int, cards: int) -> Row:
    kind, purchase = _of_pattern(index)
    at = MOMENTS[_began(purchase) - (CLEARED_AFTER if kind == K.CLEARED else 0)]
    return _shared(purchase) | {
        "id": index + 1,
        "address": key("event", index) if kind == K.CLEARED else key("purchase", purchase),
        "card_id": _card_of(purchase, cards),
        "kind": kind,
        "operation_id": f"life_evt_{purchase}",
        "decline_code": "M102" if kind == K.DECLINED else "",
        "occurred_at": at,
        "received_at": at,
        "digest": _digest("event", index).hex(),
    }


def _placement(index: int) -> Row:
    kind, purchase = _of_pattern(index)
    how = Match.OPERATION_ID if kind == K.CLEARED else Match.OPENS
    return {"event_id": index + 1, "transaction_id": key("purchase", purchase), "how": how}


def _authorization(index: int, cards: int) -> Row:
    declined, shared = _is_declined(index), _shared(index)
    pattern, which = divmod(index, PURCHASES_OF_PATTERN)
    first_event = pattern * len(PATTERN) + which * 2 + 1
    return shared | {
        "id": key("authorization", index),
        "card_id": _card_of(index, cards),
        "card_api_id": card_api_id(pattern % cards),
        "delivery_key": _digest("delivery", index).hex(),
        "operation_id": f"life_evt_{index}",
        "response_code": "05" if declined else "00",
        "reason": Reason.CARD_NOT_ACTIVE if declined else Reason.APPROVED,
        "cost": shared["bill_amount"],
        "decided_at": MOMENTS[_began(index)],
        "authorized_event_id": None if declined else first_event,
        "declined_event_id": first_event if declined else None,
    }


def _shared(purchase: int) -> dict[str, Any]:
    """Return what all rows about one purchase say alike."""
    merchant, mcc, category = MERCHANTS[purchase % len(MERCHANTS)]
    amount = f"{5 + purchase % 60}.{purchase % 100:02}"
    return {
        "bill_amount": amount,
        "transaction_amount": amount,
        "merchant_name": merchant,
        "mcc": mcc,
        "mcc_category": category,
    }


def _of_pattern(index: int) -> tuple[EventKind, int]:
    kind, which = PATTERN[index % len(PATTERN)]
    return kind, index // len(PATTERN) * PURCHASES_OF_PATTERN + which


def _card_of(purchase: int, cards: int) -> UUID:
    return card_key(purchase // PURCHASES_OF_PATTERN % cards)


def _is_declined(purchase: int) -> bool:
    return purchase % PURCHASES_OF_PATTERN == PURCHASES_OF_PATTERN - 1


def _began(purchase: int) -> int:
    """Return how many minutes ago a purchase began: spread evenly, in no order an index would like."""
    return CLEARED_AFTER + purchase * 7919 % (MINUTES - CLEARED_AFTER)


def key(kind: str, number: int) -> UUID:
    # As scattered as a random one, so that indexes are as large and as cold as in real life.
    return UUID(bytes=_digest(kind, number)[:16], version=4)


def _digest(kind: str, number: int) -> bytes:
    return blake2b(f"{kind} {number}".encode(), digest_size=32).digest()
