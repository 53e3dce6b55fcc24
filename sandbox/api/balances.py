"""Money on cards and behind them: balances, deposit addresses, the holding wallet."""

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from sandbox import ledger, switches
from sandbox.api.cards import find_card, locked_card
from sandbox.errors import ApiError, business_rule, not_found, respond, value_not_allowed
from sandbox.models import Card, Company, IdempotentAnswer
from sandbox.payloads import read

BLOCKCHAINS = ("POLYGON", "TRON")
USDC = "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"
HOLDING_TOKENS = {
    "USDC": "0x2791bca1f2de4661ed88a30c99a7a9449aa84174",
    "USDT": "0xc2132d05d31c914a87c6611c10748aeb04b58e8f",
}
STELLAR_ADDRESS = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
STELLAR_USDC = "USDC-GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN"


def get_balance(request: HttpRequest, card_id: str) -> HttpResponse:
    card = find_card(card_id)
    return respond({switches.value_of("balance_field"): card.balance})


def get_program_balance(request: HttpRequest) -> HttpResponse:
    if set(request.GET.getlist("blockchains")) - set(BLOCKCHAINS):
        raise value_not_allowed()
    company = Company.get()
    on_cards = Card.objects.exclude(status="DELETED").aggregate(total=Sum("balance"))["total"]
    return respond(
        {
            "holding_wallet_balance": company.holding_balance,
            "total_cards_balance": on_cards or Decimal(0),
            "accumulated_fees": company.accumulated_fees,
        }
    )


def override_balance(request: HttpRequest, card_id: str) -> HttpResponse:
    card = _top_up_card(card_id)
    balance = read(request, known=("virtual_balance",)).optional_amount("virtual_balance")
    if balance is None:
        raise business_rule("virtual_balance must not be null")
    if balance < 0:
        raise business_rule("virtual_balance cannot be negative")
    ledger.change_balance(card, ledger.money(balance))
    return respond(card.balance)


def add_balance(request: HttpRequest, card_id: str) -> HttpResponse:
    return _change_once(request, card_id, sign=1)


def subtract_balance(request: HttpRequest, card_id: str) -> HttpResponse:
    return _change_once(request, card_id, sign=-1)


def _change_once(request: HttpRequest, card_id: str, *, sign: int) -> HttpResponse:
    key = request.headers.get("x-idempotency-key", "").strip()
    if not key:
        raise business_rule("x-idempotency-key header is required")
    card = _top_up_card(card_id)
    known, is_first = IdempotentAnswer.objects.get_or_create(key=f"balance {key}", method="POST", path=request.path)
    if not is_first:
        return respond(Decimal(known.answer_body))
    balance = card.balance + sign * _amount(request)
    if balance < 0:
        raise business_rule("Error subtracting virtual balances, insufficient funds")
    ledger.change_balance(card, balance)
    known.answer_body = str(balance)
    known.save(update_fields=["answer_body"])
    return respond(balance)


def _amount(request: HttpRequest) -> Decimal:
    amount = read(request, known=("amount",)).optional_amount("amount")
    if amount is None or amount <= 0:
        raise business_rule("amount must be greater than 0")
    if amount != ledger.money(amount):
        raise business_rule("amount must have at most 2 decimals")
    return amount


def _top_up_card(card_id: str) -> Card:
    card = locked_card(card_id)
    if card.approval_method != "TOPUP":
        raise ApiError(400, "APP_ERROR", "The virtual balances does not apply to this card.")
    return card


def list_top_up_addresses(request: HttpRequest, card_id: str) -> HttpResponse:
    card = find_card(card_id)
    if card.approval_method != "TOPUP":
        return respond([])
    tokens = [_token("POLYGON", USDC, decimals="6")]
    ramps = [_ramp(card)]
    return respond([{"address": card.deposit_address, "blockchain": "POLYGON", "tokens": tokens, "ramps": ramps}])


def _ramp(card: Card) -> dict[str, Any]:
    memo = str(int(card.deposit_address, 16))[-6:]
    tokens = [_token("STELLAR", STELLAR_USDC, decimals="7")]
    return {"address": STELLAR_ADDRESS, "blockchain": "STELLAR", "memo": memo, "tokens": tokens}


def _token(blockchain: str, address: str, *, decimals: str) -> dict[str, str]:
    # The contract has decimals as text here.
    return {
        "symbol": "USDC",
        "name": "USD Coin",
        "decimals": decimals,
        "address": address,
        "blockchain": blockchain,
    }


def get_holding_wallet(request: HttpRequest) -> HttpResponse:
    company = _company_with_wallet()
    return respond(
        {
            "id": f"wlt_{company.company_id}",
            "alias": "Individual cards holding",
            "address": company.holding_address,
            "blockchain": "POLYGON",
            "enabled": True,
            "tokens": HOLDING_TOKENS,
        }
    )


def get_holding_balance(request: HttpRequest) -> HttpResponse:
    company = _company_with_wallet()
    return respond(
        {
            "balance": company.holding_balance,
            "blockchain": "POLYGON",
            "address": company.holding_address,
            "tokens": HOLDING_TOKENS,
        }
    )


def _company_with_wallet() -> Company:
    if not switches.value_of("holding_wallet"):
        raise not_found("Individual cards holding wallet not found for company")
    return Company.get()
