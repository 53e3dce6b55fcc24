from decimal import Decimal
from typing import Any

import pytest

from cryptomate import Client, Invalid, MalformedAnswer, NotFound, RemoteCard
from cryptomate.testing import FakeTransport, card_json

CARDS = "/cards/individual-cards"
CARD = f"{CARDS}/icard_1"
LIMITS = {
    "daily_limit": Decimal("100.10"),
    "weekly_limit": Decimal("500"),
    "monthly_limit": None,
    "per_transaction_limit": Decimal("0"),
}
STELLAR = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
USDC = {"symbol": "USDC", "name": "USD Coin", "decimals": "6", "address": "0x3c49", "blockchain": "POLYGON"}
RAMP = {"address": STELLAR, "blockchain": "STELLAR", "memo": "123456", "tokens": [{"symbol": "USDC", "decimals": "7"}]}
WALLET = {
    "id": "hold_1",
    "alias": "Holding",
    "address": "0xabc",
    "blockchain": "POLYGON",
    "enabled": True,
    "tokens": {"USDC": "0x2791", "USDT": "0xc213"},
}


def issue(client: Client, **limits: Decimal | None) -> RemoteCard:
    return client.create_card(
        client_id="maria",
        card_holder_name="Maria Barber",
        approval_method="TOPUP",
        idempotency_key="key-2",
        **limits,
    )


def test_issuing_sends_the_limits_that_were_set(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", f"{CARDS}/create", card_json(), status=201)

    issue(client, **LIMITS)

    [call] = provider.calls
    assert call.json == {
        "client_id": "maria",
        "card_holder_name": "Maria Barber",
        "approval_method": "TOPUP",
        "daily_limit": Decimal("100.10"),
        "weekly_limit": 500,
        "per_transaction_limit": 0,
    }
    assert call.headers["Idempotency-Key"] == "key-2"


def test_an_issued_card_is_read_with_decimal_limits(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", f"{CARDS}/create", card_json(), status=201)

    card = issue(client)

    assert (card.last4, card.expiration_month, card.expiration_year) == ("4242", 12, 2028)
    assert (card.card_holder_name, card.approval_method, card.status) == ("MARIA BARBER", "TOPUP", "ACTIVE")
    assert [card.daily_limit, card.weekly_limit, card.monthly_limit, card.per_transaction_limit] == [
        Decimal("100.00"),
        Decimal("500.00"),
        Decimal("2000.00"),
        Decimal("50.00"),
    ]


def test_a_quota_that_is_used_up_refuses_the_card(provider: FakeTransport, client: Client) -> None:
    sentence = "This client already has the maximum of 5 cards. Cancel one of them to create a new one."
    provider.refuse("POST", f"{CARDS}/create", 412, code="VAL", message=sentence)

    with pytest.raises(Invalid) as refusal:
        issue(client)

    assert refusal.value.message == sentence


def test_a_card_is_fetched(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", CARD, card_json(id="icard_1", status="FROZEN"))

    assert client.get_card("icard_1").status == "FROZEN"


def test_a_card_nobody_knows_is_not_found(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", CARD, 404, message="Card not found")

    with pytest.raises(NotFound):
        client.get_card("icard_1")


def test_cards_are_searched_page_by_page(provider: FakeTransport, client: Client) -> None:
    page = {"content": [card_json()], "page": 2, "size": 1, "total_elements": 3, "total_pages": 3}
    provider.reply("GET", f"{CARDS}/list/search", page)

    found = client.search_cards(client_id="maria", last4="4242", statuses=["ACTIVE", "FROZEN"], page=2, size=1)

    assert [card.last4 for card in found.items] == ["4242"]
    assert (found.page, found.size, found.total_elements, found.total_pages) == (2, 1, 3, 3)
    assert provider.calls[0].query == [
        ("page", "2"),
        ("size", "1"),
        ("status", "ACTIVE"),
        ("status", "FROZEN"),
        ("client_id", "maria"),
        ("search_type", "LAST4"),
        ("search_text", "4242"),
    ]


def test_a_search_answer_without_its_list_is_malformed(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", f"{CARDS}/list/search", {"page": 0})

    with pytest.raises(MalformedAnswer, match="content"):
        client.search_cards()


def test_a_deleted_card_is_answered_as_it_now_is(provider: FakeTransport, client: Client) -> None:
    provider.reply("DELETE", CARD, card_json(status="DELETED"))

    assert client.delete_card("icard_1").status == "DELETED"


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("answer", [None, {}])
def test_freezing_and_unfreezing_take_any_empty_answer(
    provider: FakeTransport, client: Client, answer: object, *, freeze: bool
) -> None:
    provider.reply("PATCH", f"{CARD}/frozen", answer)

    client.set_frozen("icard_1", freeze=freeze)

    assert provider.calls[0].json == {"freeze": freeze}


def test_a_page_of_html_does_not_count_as_frozen(provider: FakeTransport, client: Client) -> None:
    provider.reply("PATCH", f"{CARD}/frozen", body=b"<html>Sign in to the network</html>")

    with pytest.raises(MalformedAnswer) as malformed:
        client.set_frozen("icard_1", freeze=True)

    assert malformed.value.acted_possibly


def test_changing_limits_always_sends_all_four(provider: FakeTransport, client: Client) -> None:
    provider.reply("PATCH", f"{CARD}/limits", card_json(monthly_limit=None))

    card = client.set_limits("icard_1", **LIMITS)

    assert provider.calls[0].json == LIMITS
    assert card.monthly_limit is None


def test_a_negative_limit_is_refused(provider: FakeTransport, client: Client) -> None:
    provider.refuse("PATCH", f"{CARD}/limits", 400, message="daily_limit cannot be negative")

    with pytest.raises(Invalid):
        client.set_limits("icard_1", **{**LIMITS, "daily_limit": Decimal("-1")})


@pytest.mark.parametrize("name", ["available_credit", "available_balance"])
def test_a_balance_is_read_under_either_name(provider: FakeTransport, client: Client, name: str) -> None:
    provider.reply("GET", f"{CARD}/balance", {name: Decimal("150.75")})

    assert client.get_balance("icard_1") == Decimal("150.75")


def test_a_balance_of_nothing_is_not_a_missing_one(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", f"{CARD}/balance", {"available_credit": 0, "available_balance": None})

    assert client.get_balance("icard_1") == 0


@pytest.mark.parametrize("answer", [{}, {"available_credit": None}, {"available_credit": True}, [], 12])
def test_a_balance_that_is_none_is_malformed(provider: FakeTransport, client: Client, answer: object) -> None:
    provider.reply("GET", f"{CARD}/balance", answer)

    with pytest.raises(MalformedAnswer):
        client.get_balance("icard_1")


def test_the_programmes_totals_are_fetched_for_chains(provider: FakeTransport, client: Client) -> None:
    totals = {"holding_wallet_balance": Decimal("25000.00"), "total_cards_balance": "8450.75", "accumulated_fees": None}
    provider.reply("GET", f"{CARDS}/balance", totals)

    balance = client.get_program_balance(blockchains=["POLYGON", "TRON"])

    assert (balance.holding_wallet_balance, balance.total_cards_balance) == (Decimal("25000.00"), Decimal("8450.75"))
    assert balance.accumulated_fees is None
    assert provider.calls[0].query == [("blockchains", "POLYGON"), ("blockchains", "TRON")]


def test_deposit_addresses_are_flattened_with_their_ramps_marked(provider: FakeTransport, client: Client) -> None:
    main = {"address": "0x1234", "blockchain": "POLYGON", "tokens": [USDC], "ramps": [RAMP]}
    provider.reply("GET", f"{CARD}/top-up", [main])

    polygon, stellar = client.list_top_up_addresses("icard_1")

    assert (polygon.address, polygon.memo, polygon.is_ramp) == ("0x1234", "", False)
    assert [(token.symbol, token.decimals) for token in polygon.tokens] == [("USDC", 6)]
    assert (stellar.address, stellar.memo, stellar.is_ramp) == (STELLAR, "123456", True)


@pytest.mark.parametrize("ramps", [{}, {"ramps": None}, {"ramps": []}])
def test_tokens_named_by_symbol_alone_and_absent_ramps_are_understood(
    provider: FakeTransport, client: Client, ramps: dict[str, Any]
) -> None:
    main = {"address": "0x1234", "blockchain": "POLYGON", "tokens": ["USDC", "USDT"], **ramps}
    provider.reply("GET", f"{CARD}/top-up", [main])

    [address] = client.list_top_up_addresses("icard_1")

    assert [token.symbol for token in address.tokens] == ["USDC", "USDT"]


def test_a_ramp_without_its_address_is_named(provider: FakeTransport, client: Client) -> None:
    main = {"address": "0x1234", "blockchain": "POLYGON", "ramps": [RAMP, {"blockchain": "SOLANA"}]}
    provider.reply("GET", f"{CARD}/top-up", [main])

    with pytest.raises(MalformedAnswer, match=r"\[0\]\.ramps\[1\]\.address"):
        client.list_top_up_addresses("icard_1")


def test_the_holding_wallet_is_fetched(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", f"{CARDS}/holding-wallet", WALLET)

    wallet = client.get_holding_wallet()

    assert (wallet.address, wallet.blockchain, wallet.enabled) == ("0xabc", "POLYGON", True)
    assert wallet.tokens == {"USDC": "0x2791", "USDT": "0xc213"}


def test_a_company_without_a_holding_wallet_is_told_so(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", f"{CARDS}/holding-wallet", 404)

    with pytest.raises(NotFound):
        client.get_holding_wallet()


@pytest.mark.parametrize("tokens", [{"USDC": "0x2791"}, [{"symbol": "USDC", "address": "0x2791"}]])
def test_the_holding_balance_is_fetched(provider: FakeTransport, client: Client, tokens: object) -> None:
    answer = {"balance": Decimal("25000.5"), "blockchain": "POLYGON", "address": "0xabc", "tokens": tokens}
    provider.reply("GET", f"{CARDS}/holding-wallet/balance", answer)

    holding = client.get_holding_balance()

    assert (holding.balance, holding.tokens) == (Decimal("25000.5"), {"USDC": "0x2791"})


def test_a_challenge_is_answered(provider: FakeTransport, client: Client) -> None:
    answer = {"challenge_id": "25e4", "approve": True, "status": "APPROVED"}
    provider.reply("POST", f"{CARD}/3ds-authorization", answer)

    result = client.respond_to_challenge("icard_1", challenge_id="25e4", approve=True)

    assert (result.challenge_id, result.approve, result.status) == ("25e4", True, "APPROVED")
    assert provider.calls[0].json == {"challenge_id": "25e4", "approve": True}


def test_reversing_a_decision_on_a_challenge_is_refused(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", f"{CARD}/3ds-authorization", 412, code="CHALLENGE_DECISION_CONFLICT")

    with pytest.raises(Invalid) as refusal:
        client.respond_to_challenge("icard_1", challenge_id="25e4", approve=False)

    assert refusal.value.code == "CHALLENGE_DECISION_CONFLICT"


@pytest.mark.parametrize("word", ["TOPUP", "TOP_UP", "TopUp", "topup"])
def test_every_spelling_of_top_up_is_one_method(word: str) -> None:
    assert RemoteCard.from_json(card_json(approval_method=word)).approval_method == "TOPUP"


@pytest.mark.parametrize(
    ("sent", "read"), [("Active", "ACTIVE"), ("blocked", "BLOCKED"), ("FROZEN", "FROZEN"), ("Lost", "Lost")]
)
def test_known_card_statuses_are_folded_and_unknown_ones_kept(sent: str, read: str) -> None:
    assert RemoteCard.from_json(card_json(status=sent)).status == read


def test_a_card_read_from_strings_and_bare_numbers_is_the_same_card() -> None:
    card = RemoteCard.from_json(card_json(last4=42, expiration_month="12", daily_limit="100.00"))

    assert (card.last4, card.expiration_month, card.daily_limit) == ("0042", 12, Decimal("100.00"))


def test_a_limit_that_cannot_be_read_is_not_taken_for_no_cap() -> None:
    with pytest.raises(MalformedAnswer, match="weekly_limit"):
        RemoteCard.from_json(card_json(weekly_limit="lots"))


def test_the_client_offers_no_way_to_a_card_number_or_pin() -> None:
    verbs = [name for name in dir(Client) if not name.startswith("_")]

    assert not [name for name in verbs if any(word in name for word in ("_pan", "_pin", "cvc", "cvv"))]
