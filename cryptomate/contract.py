"""What the provider's contract names, object by object: the fields it may have and, where a list of them is given, the
words a field may hold. What is not here is new: it does no harm, and somebody should know of it.

The fields are those of the typed client's own records; what those leave behind is named beside them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Union

from cryptomate.endpoints import (
    CARD,
    CARDS,
    CLIENT,
    CLIENTS,
    COMPANY,
    PRODUCT,
    PRODUCTS,
    VELOCITY_RULES,
)
from cryptomate.shapes.account import Company, VelocityRule
from cryptomate.shapes.cards import (
    CARD_STATUSES,
    ChallengeAnswer,
    DepositAddress,
    HoldingBalance,
    HoldingWallet,
    ProgramBalance,
    RemoteCard,
    Token,
)
from cryptomate.shapes.clients import CLIENT_STATUSES, Address, Country, IdentificationType, RemoteClient, Subdivision
from cryptomate.shapes.movements import FEES, DeclineReason, Movement
from cryptomate.shapes.products import (
    ITEM_TYPES,
    OPTION_KEYS,
    REQUEST_STATUSES,
    DataRequirement,
    DocumentRequirement,
    ProductRequest,
    RejectedItem,
    RequirementField,
    ValidDocument,
)

# What may stand in one place: anything (None), one of some words, or an object, or a list of any of these.
Expected = Union[None, frozenset[str], Mapping[str, "Expected"]]  # noqa: UP007 - it names itself


def words(known: str | Iterable[str]) -> frozenset[str]:
    """Return words as they are compared: the provider's pages and its traffic disagree on their case."""
    return frozenset(word.casefold() for word in (known.split() if isinstance(known, str) else known))


def named(names: str, **inner: Expected) -> Mapping[str, Expected]:
    """Return an object with these fields, separated by blanks, and with those that are looked into."""
    return {**dict.fromkeys(names.split()), **inner}


def fields_of(record: Any, others: str = "", **inner: Expected) -> Mapping[str, Expected]:
    """Return an object with the fields that the typed client reads of it, and others that it leaves behind."""
    return {**dict.fromkeys(field.name for field in fields(record)), **named(others, **inner)}


# --- Words

ERROR_CODES = words("""
    VAL NOT_FOUND APP_ERROR BAD_REQUEST VALUE_NOT_ALLOWED VALIDATION_ERROR VELOCITY_RULES_LIMIT_EXCEEDED
    VELOCITY_RULES_DUPLICATE_WINDOW CHALLENGE_DECISION_CONFLICT MIRROR_WALLET_PROVISIONING_IN_PROGRESS WARNING DENIED
    AUTH AUTH_ERROR API_ERROR SERVER_ERROR TOO_MANY_REQUESTS
    """)
DECLINE_CODES = words("M000 M101 M102 M201 M202 M203 M204 M210 M211 M212 M213 M214 C010 C011 C012 C020 C101 C102 C103")
PRODUCT_WORDS = words("cards_individuals ramps_cards ramps_pix")
CARD_TYPES = words("Virtual Physical")
APPROVAL_METHODS = words("NONE WEBHOOK TOPUP TOP_UP DEFI")
FORWARDED_3DS = words("sms webhook AUTOMATIC FORWARDED DISABLED")
CHALLENGE_ANSWERS = words("APPROVED ALREADY_PROCESSED")
OPERATIONS = words("""
    TRANSACTION_AUTHORIZATION TRANSACTION_APPROVED TRANSACTION_CLEARED TRANSACTION_REJECTED TRANSACTION_REVERSED
    TRANSACTION_REFUND WALLET_DEPOSIT WALLET_WITHDRAWAL WARRANTY_DEPOSIT WARRANTY_WITHDRAWAL OVERRIDE_VIRTUAL_BALANCE
    VISA_DIRECT_DEPOSIT CLIENT_FEES_WITHDRAW
    """)
STAGES = words("pending success failed canceled time_canceled manual_check")
MOVEMENT_STATUSES = STAGES | words("APPROVED")

# --- Objects

ERROR: Expected = named("code error_code message trace_id")
ADDRESS = fields_of(Address, "street_line_1 street_line_2 state_code country_code")
# Its answers to requirements come back with it (section 3 names the fields of a full record).
INDIVIDUAL = fields_of(
    RemoteClient,
    """
    company_id username otp sms whatsapp telegram gender expiration_date individual_identification
    individual_identification_type bank_ramp credit_card_ramp individual_cards occupation annual_salary
    account_purpose expected_monthly_volume document_type document_number documents wallet_ids
    """,
    status=words(CLIENT_STATUSES),
    type=words("individual"),
    address=ADDRESS,
)
WANTED_FIELD = fields_of(RequirementField, f"id description {' '.join(OPTION_KEYS)}")
DOCUMENT = fields_of(ValidDocument, metadata=WANTED_FIELD)
MISSING: Expected = {
    "documents": fields_of(DocumentRequirement, valid_documents=DOCUMENT),
    "data": fields_of(DataRequirement, fields=WANTED_FIELD),
}
REJECTED_ITEM = fields_of(RejectedItem, type=words(ITEM_TYPES))
REQUEST = fields_of(
    ProductRequest,
    status=words(REQUEST_STATUSES),
    product=PRODUCT_WORDS,
    missing_requirements=MISSING,
    rejected_items=REJECTED_ITEM,
)
REQUEST_ANSWER: Expected = {"product": REQUEST, "rejected_items": REJECTED_ITEM}
CARD_OBJECT = fields_of(
    RemoteCard,
    "rain_card_id",
    status=words(CARD_STATUSES),
    type=CARD_TYPES,
    approval_method=APPROVAL_METHODS,
    forwarded_3ds_type=FORWARDED_3DS,
)
FUNDING = fields_of(DepositAddress, tokens=fields_of(Token))
DECLINE = fields_of(DeclineReason, "description", code=DECLINE_CODES, response_code=DECLINE_CODES)
MOVEMENT = fields_of(Movement, " ".join(FEES), operation=OPERATIONS, status=MOVEMENT_STATUSES, decline_reason=DECLINE)
PAGE = "page size number_of_elements next_page total_pages total_elements"
RULE = fields_of(VelocityRule)
ACCOUNT = fields_of(Company, "webhook_key")

# --- Answers, by endpoint

ANSWERS: Mapping[str, Expected] = {
    CLIENTS: INDIVIDUAL,
    CLIENT: INDIVIDUAL,
    CLIENTS + "/countries": named("count", data=fields_of(Country, subdivisions=fields_of(Subdivision))),
    CLIENTS + "/identifications/{alpha2}": fields_of(IdentificationType),
    PRODUCTS: REQUEST,
    PRODUCT + "/documentation": REQUEST_ANSWER,
    PRODUCT + "/submit": REQUEST_ANSWER,
    CARDS + "/create": CARD_OBJECT,
    CARD: CARD_OBJECT,
    CARD + "/limits": CARD_OBJECT,
    CARDS + "/list/search": named(PAGE, content=CARD_OBJECT),
    CARD + "/balance": named("available_credit available_balance"),
    CARDS + "/balance": fields_of(ProgramBalance),
    CARD + "/top-up": {**FUNDING, "ramps": FUNDING},
    CARDS + "/holding-wallet": fields_of(HoldingWallet),
    CARDS + "/holding-wallet/balance": fields_of(HoldingBalance),
    CARD + "/3ds-authorization": fields_of(ChallengeAnswer, status=CHALLENGE_ANSWERS),
    CARDS + "/transactions/{card_id}/search": named(PAGE, movements=MOVEMENT),
    VELOCITY_RULES: {"rules": RULE},
    COMPANY: ACCOUNT,
    COMPANY + "/webhook/subscribe": ACCOUNT,
    COMPANY + "/webhook/key": ACCOUNT,
}

# --- Deliveries (section 12), by product and kind

ENVELOPE = named("product operation event_type sub_operation operation_id data company_id reason", status=STAGES)
PURCHASE = named(
    """
    card_id bill_amount bill_currency_number bill_currency_code exchange_rate transaction_amount
    transaction_currency_number transaction_currency_code channel created_at metadata signature
    """,
    fees=named("atm_fees fx_fees"),
    merchant_data=named("id name city post_code state country mcc_category mcc_code"),
    decline_reason=DECLINE,
)
CARD_EVENTS: Mapping[str, Expected] = {
    **named("clearing"),  # an older delivery in a stage that no page names
    **dict.fromkeys(words("authorization authorized cleared declined reversal refund visa_direct_deposit"), PURCHASE),
    "deposit": named(
        "wallet_id wallet_address blockchain transaction_hash from_wallet_address amount net_amount",
        token=named("address"),
    ),
    "warranty_withdraw": named(
        """
        wallet_id wallet_address blockchain card_id transaction_hash to_wallet_address amount token_address created_at
        """
    ),
    "notification_3ds_authorization": named(
        """
        code card_id merchant_name merchant_country_code transaction_amount transaction_currency transaction_timestamp
        """
    ),
    "notification_3ds_authorization_oob": named(
        "challenge_id card_id merchant_name merchant_country transaction_amount transaction_currency expiry_time"
    ),
    "card_blocked_by_velocity": named("card_id company_id blocked_at last_authorization_id", triggered_rule=RULE),
}
# What the portal has no use for is known by name and not looked into.
EVENTS: Mapping[str, Mapping[str, Expected]] = {
    "cards": CARD_EVENTS,
    "individual_cards": CARD_EVENTS,
    "company_activity": {"client_status": INDIVIDUAL},
    "virtual_wallets": named("deposit withdraw ramp_on"),
    "treasury": named("transfer ramp_on"),
}
