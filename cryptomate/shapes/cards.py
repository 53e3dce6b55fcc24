"""Individual cards, their balances and the addresses money reaches them by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from cryptomate.reading import Record, each, fold

CARD_STATUSES = frozenset({"ACTIVE", "FROZEN", "BLOCKED", "INACTIVE", "EXPIRED", "DELETED"})


@dataclass(frozen=True, kw_only=True)
class RemoteCard:
    """A card as the provider describes it. Its limits are US dollars; None means no cap."""

    id: str
    client_id: str
    status: str  # one of CARD_STATUSES, or a word we have not seen
    type: str
    last4: str
    expiration_month: int | None
    expiration_year: int | None
    card_holder_name: str = field(repr=False)
    approval_method: str  # TOPUP, WEBHOOK
    daily_limit: Decimal | None
    weekly_limit: Decimal | None
    monthly_limit: Decimal | None
    per_transaction_limit: Decimal | None
    forwarded_3ds_type: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        last4 = record.text("last4")
        return cls(
            id=record.essential("id"),
            client_id=record.text("client_id"),
            status=fold(record.essential("status"), CARD_STATUSES),
            type=record.text("type"),
            last4=last4 and last4.zfill(4),  # a number would lose its zeros
            expiration_month=record.integer("expiration_month"),
            expiration_year=record.integer("expiration_year"),
            card_holder_name=record.text("card_holder_name"),
            approval_method=approval_method(record.text("approval_method")),
            daily_limit=record.money("daily_limit"),
            weekly_limit=record.money("weekly_limit"),
            monthly_limit=record.money("monthly_limit"),
            per_transaction_limit=record.money("per_transaction_limit"),
            forwarded_3ds_type=record.text("forwarded_3ds_type"),
            raw=record.raw,
        )


def approval_method(word: str) -> str:
    """Return one spelling for what the provider calls TOPUP, TOP_UP and TopUp."""
    return word.upper().replace("_", "")


@dataclass(frozen=True, kw_only=True)
class Token:
    symbol: str
    name: str = ""
    decimals: int | None = None
    address: str = ""
    blockchain: str = ""

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        if isinstance(value, str):
            return cls(symbol=value)
        record = Record(value, at)
        return cls(
            symbol=record.essential("symbol"),
            name=record.text("name"),
            decimals=record.integer("decimals"),
            address=record.text("address"),
            blockchain=record.text("blockchain"),
        )


@dataclass(frozen=True, kw_only=True)
class DepositAddress:
    """Where money for one card is sent. Some chains credit nobody without the `memo`."""

    address: str
    blockchain: str
    memo: str
    tokens: tuple[Token, ...]
    is_ramp: bool  # reached over another chain and forwarded from there

    @classmethod
    def list_from_json(cls, value: object) -> list[Self]:
        """Read the addresses of a card, each followed by the ramps that lead to it."""
        return [address for family in each(value, cls._family_from_json) for address in family]

    @classmethod
    def _family_from_json(cls, value: object, at: str) -> list[Self]:
        record = Record(value, at)
        return [cls._from_record(record, is_ramp=False), *record.each("ramps", cls._ramp_from_json)]

    @classmethod
    def _ramp_from_json(cls, value: object, at: str) -> Self:
        return cls._from_record(Record(value, at), is_ramp=True)

    @classmethod
    def _from_record(cls, record: Record, *, is_ramp: bool) -> Self:
        return cls(
            address=record.essential("address"),
            blockchain=record.essential("blockchain"),
            memo=record.text("memo"),
            tokens=record.each("tokens", Token.from_json),
            is_ramp=is_ramp,
        )


@dataclass(frozen=True, kw_only=True)
class ProgramBalance:
    """Totals of the individual card programme, in US dollars."""

    holding_wallet_balance: Decimal
    total_cards_balance: Decimal | None
    accumulated_fees: Decimal | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            holding_wallet_balance=record.essential_money("holding_wallet_balance"),
            total_cards_balance=record.money("total_cards_balance"),
            accumulated_fees=record.money("accumulated_fees"),
            raw=record.raw,
        )


@dataclass(frozen=True, kw_only=True)
class HoldingWallet:
    id: str
    alias: str
    address: str
    blockchain: str
    enabled: bool
    tokens: Mapping[str, str]  # symbol to contract address
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            id=record.text("id"),
            alias=record.text("alias"),
            address=record.essential("address"),
            blockchain=record.text("blockchain"),
            enabled=record.flag("enabled", default=True),
            tokens=token_addresses(record),
            raw=record.raw,
        )


@dataclass(frozen=True, kw_only=True)
class HoldingBalance:
    balance: Decimal
    address: str
    blockchain: str
    tokens: Mapping[str, str]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            balance=record.essential_money("balance"),
            address=record.text("address"),
            blockchain=record.text("blockchain"),
            tokens=token_addresses(record),
            raw=record.raw,
        )


def token_addresses(record: Record) -> dict[str, str]:
    """Read `tokens` as symbol to contract address, from the object documented for wallets or the list of cards."""
    tokens = record.raw.get("tokens")
    if isinstance(tokens, dict):
        return {str(symbol): str(address) for symbol, address in tokens.items()}
    return {token.symbol: token.address for token in record.each("tokens", Token.from_json)}


@dataclass(frozen=True, kw_only=True)
class ChallengeAnswer:
    challenge_id: str
    approve: bool
    status: str  # APPROVED, ALREADY_PROCESSED, or a word we have not seen

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            challenge_id=record.text("challenge_id"),
            approve=record.flag("approve", default=False),
            status=record.essential("status").upper(),
        )


def balance_from_json(value: object) -> Decimal:
    """Read what a card can still spend: versions of the page disagree on the name."""
    return Record(value).essential_money("available_credit", "available_balance")
