"""A stored body as shown to people who may not read customers' data."""

from typing import Any

from vault.masking import MASK as MASK

# Values that say nothing about a person. What is not named here is masked: a new field starts out hidden.
PLAIN = frozenset(
    """
    product event_type operation sub_operation operation_id status company_id reason
    id type card_id client_id wallet_id challenge_id transaction_hash blockchain token_address
    bill_amount bill_currency_number bill_currency_code exchange_rate transaction_amount transaction_currency
    transaction_currency_number transaction_currency_code channel amount net_amount
    merchant_name merchant_country merchant_country_code
    created_at updated_at blocked_at expiry_time transaction_timestamp last_authorization_id
    rejection_code rejection_description
    """.split()  # noqa: SIM905 - a list to read
)
# Objects that hold nothing about a person, whatever their fields are called.
PLAIN_BRANCHES = frozenset({"merchant_data", "fees", "decline_reason", "triggered_rule", "token"})


def mask(value: Any, *, is_plain: bool = False) -> Any:
    """Return the body with each value hidden that may be about a person; keys and structure stay."""
    if isinstance(value, dict):
        return {key: mask(item, is_plain=is_plain or _is_plain(key, item)) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, is_plain=is_plain) for item in value]
    return value if is_plain or value is None else MASK


def _is_plain(key: str, item: Any) -> bool:
    if isinstance(item, dict):
        return key.lower() in PLAIN_BRANCHES
    return key.lower() in PLAIN and not isinstance(item, list)
