"""The console's settings: how the sandbox reads the contract where it is silent or contradicts itself."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import transaction

from sandbox.errors import InputError
from sandbox.models import Switch


@dataclass(frozen=True)
class Definition:
    meaning: str
    default: Any
    choices: tuple[str, ...] = ()
    optional: bool = False

    @property
    def is_flag(self) -> bool:
        return isinstance(self.default, bool)


DEFINITIONS: dict[str, Definition] = {
    "rate_limit": Definition("Refuse more than 15 requests per second.", default=True),
    "idempotency": Definition("Answer a repeated Idempotency-Key with the first result.", default=True),
    "card_cap": Definition("Cards a client may have at once.", default=5),
    "card_quota": Definition("Cards the company may have in all. Empty: no quota.", default=None, optional=True),
    "holding_wallet": Definition("The company has a holding wallet.", default=True),
    "balance_field": Definition(
        "Name of a card's balance.", default="available_credit", choices=("available_credit", "available_balance")
    ),
    "empty_history_is_404": Definition("A card without movements answers 404, as once observed.", default=False),
    "cleared_operation": Definition(
        "Operation of a settled purchase in the list of movements.",
        default="TRANSACTION_APPROVED",
        choices=("TRANSACTION_APPROVED", "TRANSACTION_CLEARED"),
    ),
    "timestamps_with_zone": Definition("REST timestamps end in Z instead of having no zone.", default=False),
    "start_as_requested": Definition("New requests stay requested until more is asked for.", default=False),
    "carry_rejected_items": Definition("A rejected request and the next one name the rejected items.", default=True),
    "carry_accepted_documents": Definition(
        "The next request keeps the documents that were not rejected.", default=True
    ),
    "reject_documents": Definition("Reason with which every upload is rejected at once. Empty: accept.", default=""),
    "auto_approve_seconds": Definition(
        "Approve this long after submitting. Empty: never.", default=None, optional=True
    ),
    "webhook_product": Definition(
        "Product of purchase webhooks.", default="individual_cards", choices=("individual_cards", "cards")
    ),
    "webhook_amounts": Definition("Amounts in webhooks.", default="strings", choices=("strings", "numbers")),
    "webhook_case": Definition("Case of product, event type and status.", default="lower", choices=("lower", "upper")),
    "operation_ids": Definition(
        "documented: authorization and its decline share one. shared: one per purchase. unique: one per event.",
        default="documented",
        choices=("documented", "shared", "unique"),
    ),
    "lost_deliveries": Definition("Of each hundred webhooks so many are never sent.", default=0),
    "pause_deliveries": Definition("Keep webhooks back until this is off again.", default=False),
    "deliver_twice": Definition("Send every webhook a second time.", default=False),
    "delivery_retry_seconds": Definition("Wait before the second attempt; doubles with each one.", default=1.0),
    "delivery_timeout_seconds": Definition("How long the receiver may take.", default=30.0),
    "authorization_timeout_ms": Definition("How long the receiver may take to decide a purchase.", default=1200),
}


# One process serves everything, so what was read once holds until something is changed here.
_lock = Lock()
_known: dict[str, Any] = {}


def current() -> dict[str, Any]:
    with _lock:
        if not _known:
            stored = dict(Switch.objects.values_list("name", "value"))
            _known.update({name: stored.get(name, definition.default) for name, definition in DEFINITIONS.items()})
        return dict(_known)


def value_of(name: str) -> Any:
    return current()[name]


def forget() -> None:
    """Read the settings anew next time; call it after the commit that changed them."""
    with _lock:
        _known.clear()


@transaction.atomic
def change(values: dict[str, Any]) -> None:
    for name, value in values.items():
        Switch.objects.update_or_create(name=name, defaults={"value": _checked(name, value)})
    transaction.on_commit(forget)


def _checked(name: str, value: Any) -> Any:
    definition = DEFINITIONS.get(name)
    if definition is None:
        raise InputError(f"There is no setting {name}")
    if definition.optional and value in (None, ""):
        return None
    if definition.choices and value not in definition.choices:
        raise InputError(f"{name} is one of {', '.join(definition.choices)}")
    if definition.is_flag:
        return _flag(name, value)
    return value if isinstance(definition.default, str) else _number(name, value)


def _flag(name: str, value: Any) -> bool:
    flags = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in flags:
        return flags[value.lower()]
    if not isinstance(value, bool):
        raise InputError(f"{name} is true or false")
    return value


def _number(name: str, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is a number") from None
    if isinstance(value, bool) or not 0 <= number < 1_000_000_000:
        raise InputError(f"{name} is a number from 0")
    return int(number) if number.is_integer() else number
