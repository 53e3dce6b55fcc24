"""The same client against the sandbox process, over real HTTP: every verb, and the ways an answer fails to come."""

import base64
import dataclasses
import io
import time
from decimal import Decimal

import pytest
from PIL import Image

from cryptomate import (
    Client,
    Conflict,
    Invalid,
    NotFound,
    ProductRequest,
    RateLimited,
    RemoteCard,
    Unauthorized,
    VelocityRule,
)
from cryptomate.tests.test_clients import PAYLOAD
from sandbox.testing import API_KEY, SandboxProcess

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("sandbox")]
CLIENTS = "/management/clients/individuals"
LATER_PAYLOAD = dataclasses.replace(PAYLOAD, extra={})
WITHOUT_PHONE = dataclasses.replace(LATER_PAYLOAD, phone_country_code=None, phone_number=None)
LIMITS = {
    "daily_limit": Decimal("100.10"),
    "weekly_limit": Decimal("500"),
    "monthly_limit": None,
    "per_transaction_limit": Decimal("60.05"),
}


@pytest.fixture
def sandbox(empty_sandbox: SandboxProcess) -> SandboxProcess:
    empty_sandbox.console("POST", "/console/settings", {"rate_limit": False})
    return empty_sandbox


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    return client_of(sandbox)


def client_of(sandbox: SandboxProcess, *, read_timeout: float = 15, api_key: str = API_KEY) -> Client:
    return Client(url=sandbox.url, api_key=api_key, timeout=(3.05, read_timeout))


def image() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 25), "#8899aa").save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def in_review(client: Client) -> ProductRequest:
    maria = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    request = client.request_product(maria.id, idempotency_key="request-cards")
    client.upload_document(
        maria.id, request.id, document_type="passport", image_front=image(), metadata={"number": "AAB123456"}
    )
    return client.submit_request(maria.id, request.id).request


def issue(client: Client, sandbox: SandboxProcess, *, approval_method: str = "TOPUP") -> RemoteCard:
    request = in_review(client)
    sandbox.console("POST", f"/console/requests/{request.id}/approve")
    return client.create_card(
        client_id=request.client_id,
        card_holder_name="Maria Barber",
        approval_method=approval_method,
        idempotency_key="issue-card",
        **LIMITS,
    )


def clients_at(sandbox: SandboxProcess) -> int:
    return len(sandbox.console("GET", "/console/state")["clients"])


def test_a_person_is_registered_read_replaced_listed_and_deleted(client: Client) -> None:
    created = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    replaced = client.update_client(created.id, WITHOUT_PHONE)
    listed = client.list_clients()
    client.delete_client(created.id)

    assert (created.status, created.email, created.address) == ("pending", PAYLOAD.email, PAYLOAD.address)
    assert (created.phone_country_code, created.phone_number) == (54, 1168860622)
    assert (replaced.phone_country_code, replaced.phone_number) == (None, None)
    assert [each.id for each in listed] == [created.id]
    assert listed[0].created_at
    with pytest.raises(NotFound) as missing:
        client.get_client(created.id)
    assert (missing.value.code, bool(missing.value.trace_id)) == ("NOT_FOUND", True)


def test_the_same_idempotency_key_registers_once(client: Client, sandbox: SandboxProcess) -> None:
    first = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    second = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")

    assert first.id == second.id
    assert clients_at(sandbox) == 1


def test_registering_somebody_again_is_refused(client: Client) -> None:
    client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")

    with pytest.raises(Invalid) as refusal:
        client.create_client(payload=LATER_PAYLOAD, idempotency_key="another-key")

    assert (refusal.value.status, refusal.value.code) == (400, "VAL")
    assert refusal.value.message == "Company client already exists for this company"


def test_reference_lists_are_read(client: Client) -> None:
    countries = {country.alpha3: country for country in client.list_countries()}

    assert "ARG-B" in {subdivision.code for subdivision in countries["ARG"].subdivisions}
    assert client.list_identifications("US")
    assert client.list_identifications("ZZ") == []


def test_what_is_missing_is_supplied_and_submitted(client: Client) -> None:
    maria = client.create_client(payload=WITHOUT_PHONE, idempotency_key="create-maria")
    request = client.request_product(maria.id, idempotency_key="request-cards")
    asked = request.missing_requirements
    client.update_client(maria.id, LATER_PAYLOAD)
    uploaded = client.upload_document(
        maria.id,
        request.id,
        document_type="national_id",
        image_front=image(),
        image_back=image(),
        metadata={"number": "X-1"},
    )
    submitted = client.submit_request(maria.id, request.id)

    assert [field.key for field in asked.data[0].fields] == ["phone"]
    assert "national_id" in [document.id for document in asked.documents[0].valid_documents]
    assert not uploaded.request.missing_requirements
    assert submitted.request.status == "in_kyc"
    assert [each.status for each in client.list_products(maria.id)] == ["in_kyc"]


def test_a_key_the_provider_asked_for_goes_out_with_the_person(client: Client, sandbox: SandboxProcess) -> None:
    occupation = {"id": "work", "name": "Work", "fields": [{"key": "occupation", "data_type": "STRING"}]}
    sandbox.console("POST", "/console/requirements", {"data": [occupation]})
    maria = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    client.request_product(maria.id, idempotency_key="request-cards")

    client.update_client(maria.id, PAYLOAD)

    [request] = client.list_products(maria.id)
    assert "occupation" not in str(request.missing_requirements.data)


def test_submitting_too_early_answers_what_is_missing(client: Client) -> None:
    maria = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    request = client.request_product(maria.id, idempotency_key="request-cards")

    answer = client.submit_request(maria.id, request.id)

    assert answer.request.status == "pending_documentation"
    assert answer.request.missing_requirements.documents


def test_a_second_request_and_a_late_document_conflict(client: Client) -> None:
    request = in_review(client)

    with pytest.raises(Conflict):
        client.request_product(request.client_id, idempotency_key="request-again")
    with pytest.raises(Conflict):
        client.upload_document(request.client_id, request.id, document_type="passport", image_front=image())


def test_a_document_turned_down_at_once_can_be_replaced(client: Client) -> None:
    maria = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")
    request = client.request_product(maria.id, idempotency_key="request-cards")

    def upload(number: str, *, replace: bool) -> list[str]:
        answer = client.upload_document(
            maria.id,
            request.id,
            document_type="passport",
            image_front=image(),
            metadata={"number": number},
            replace=replace,
        )
        return [item.key for item in answer.rejected_items]

    assert upload("REJECT-ME", replace=False) == ["passport"]
    assert upload("AAB123456", replace=True) == []


def test_a_rejection_says_why_and_the_next_request_is_listed_first(client: Client, sandbox: SandboxProcess) -> None:
    first = in_review(client)
    item = {"type": "document", "key": "passport", "reason": "Blurred"}
    verdict = {"code": "KYC", "description": "One document", "items": [item]}
    sandbox.console("POST", f"/console/requests/{first.id}/reject", verdict)

    second = client.request_product(first.client_id, idempotency_key="request-again")

    newest, oldest = client.list_products(first.client_id)
    assert (newest.id, oldest.id) == (second.id, first.id)
    assert (oldest.status, oldest.rejection_code, oldest.rejection_description) == ("rejected", "KYC", "One document")
    assert [(each.key, each.reason) for each in oldest.rejected_items] == [("passport", "Blurred")]


def test_a_card_is_issued_found_frozen_limited_and_deleted(client: Client, sandbox: SandboxProcess) -> None:
    card = issue(client, sandbox)
    client.set_frozen(card.id, freeze=True)
    frozen = client.get_card(card.id)
    client.set_frozen(card.id, freeze=False)
    unlimited = client.set_limits(card.id, **dict.fromkeys(LIMITS))
    found = client.search_cards(client_id=card.client_id, last4=card.last4, statuses=["ACTIVE"])
    deleted = client.delete_card(card.id)

    assert (card.status, card.card_holder_name, card.approval_method) == ("ACTIVE", "MARIA BARBER", "TOPUP")
    assert {name: getattr(card, name) for name in LIMITS} == LIMITS
    assert frozen.status == "FROZEN"
    assert not any(getattr(unlimited, name) for name in LIMITS)
    assert [(each.id, found.total_elements) for each in found.items] == [(card.id, 1)]
    assert deleted.status == "DELETED"


def test_a_card_for_somebody_not_yet_active_is_refused(client: Client) -> None:
    maria = client.create_client(payload=LATER_PAYLOAD, idempotency_key="create-maria")

    with pytest.raises(Invalid) as refusal:
        client.create_card(
            client_id=maria.id, card_holder_name="Maria", approval_method="TOPUP", idempotency_key="issue-card"
        )

    assert refusal.value.status == 412


@pytest.mark.parametrize("name", ["available_credit", "available_balance"])
def test_balances_and_deposit_addresses_are_read(client: Client, sandbox: SandboxProcess, name: str) -> None:
    sandbox.console("POST", "/console/settings", {"balance_field": name})
    card = issue(client, sandbox)
    credited = sandbox.console("POST", f"/console/cards/{card.id}/deposit", {"amount": "150.75"})["balance"]

    addresses = client.list_top_up_addresses(card.id)

    assert client.get_balance(card.id) == Decimal(str(credited)) > 100
    assert client.get_program_balance(blockchains=["POLYGON"]).total_cards_balance == Decimal(str(credited))
    assert [(each.blockchain, each.is_ramp, bool(each.memo)) for each in addresses] == [
        ("POLYGON", False, False),
        ("STELLAR", True, True),
    ]


def test_the_holding_wallet_is_read(client: Client) -> None:
    wallet, holding = client.get_holding_wallet(), client.get_holding_balance()

    assert wallet.address == holding.address
    assert wallet.tokens == holding.tokens
    assert holding.balance > 0


def test_a_company_without_a_holding_wallet_is_told_so(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.console("POST", "/console/settings", {"holding_wallet": False})

    with pytest.raises(NotFound):
        client.get_holding_balance()


def test_purchases_are_read_newest_first_and_page_by_page(client: Client, sandbox: SandboxProcess) -> None:
    card = issue(client, sandbox)
    sandbox.console("POST", f"/console/cards/{card.id}/deposit", {"amount": "150.75"})
    sandbox.console("POST", f"/console/cards/{card.id}/authorize", {"amount": "42.50", "merchant": "Acme Coffee"})
    sandbox.console("POST", f"/console/cards/{card.id}/decline", {"amount": "10", "code": "C102"})

    operations = ["TRANSACTION_AUTHORIZATION", "TRANSACTION_REJECTED"]
    first = client.search_transactions(card.id, operations=operations, size=1)
    second = client.search_transactions(card.id, operations=operations, size=1, page=2)

    assert (first.next_page, first.total_elements, second.next_page) == (2, 2, None)
    [declined], [authorized] = first.movements, second.movements
    assert declined.decline_reason
    assert declined.decline_reason.code == "C102"
    assert (authorized.bill_amount, authorized.bill_currency) == (Decimal("42.50"), "USD")
    assert (authorized.merchant_name, authorized.decline_reason) == ("Acme Coffee", None)


@pytest.mark.parametrize("is_404", [True, False])
def test_an_empty_history_is_an_empty_page(client: Client, sandbox: SandboxProcess, *, is_404: bool) -> None:
    sandbox.console("POST", "/console/settings", {"empty_history_is_404": is_404})
    card = issue(client, sandbox)

    assert client.search_transactions(card.id, operations=["TRANSACTION_APPROVED"]).movements == ()


def test_a_challenge_is_approved_once_and_not_reversed(client: Client, sandbox: SandboxProcess) -> None:
    card = issue(client, sandbox)
    challenge_id = sandbox.console("POST", f"/console/cards/{card.id}/challenge", {"amount": "10"})["challenge_id"]

    first = client.respond_to_challenge(card.id, challenge_id=challenge_id, approve=True)
    second = client.respond_to_challenge(card.id, challenge_id=challenge_id, approve=True)

    assert (first.status, second.status) == ("APPROVED", "ALREADY_PROCESSED")
    with pytest.raises(Invalid) as refusal:
        client.respond_to_challenge(card.id, challenge_id=challenge_id, approve=False)
    assert refusal.value.code == "CHALLENGE_DECISION_CONFLICT"


def test_velocity_rules_are_replaced_read_and_cleared(client: Client) -> None:
    rules = [VelocityRule(max_authorizations=3, time_window_seconds=60)]

    stored = client.replace_velocity_rules(rules)
    fetched = client.get_velocity_rules()
    client.clear_velocity_rules()

    assert stored == fetched == rules
    assert client.get_velocity_rules() == []
    with pytest.raises(Invalid) as refusal:
        client.replace_velocity_rules(rules * 2)
    assert refusal.value.code == "VELOCITY_RULES_DUPLICATE_WINDOW"


def test_the_webhook_is_subscribed_and_its_key_changed(client: Client) -> None:
    subscribed = client.subscribe_webhook("http://127.0.0.1:9/webhooks/cryptomate/", "webhook-key-0123456789")
    changed = client.set_webhook_key("webhook-key-9876543210")

    assert subscribed == changed == client.get_company()
    assert subscribed.webhook_url == "http://127.0.0.1:9/webhooks/cryptomate/"
    with pytest.raises(Invalid):
        client.set_webhook_key("short")


def test_a_wrong_key_is_unauthorized(sandbox: SandboxProcess) -> None:
    with pytest.raises(Unauthorized) as refusal:
        client_of(sandbox, api_key="not-the-key").list_clients()

    assert refusal.value.status == 401


def test_calling_too_fast_is_rate_limited_and_says_how_long(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.console("POST", "/console/faults", {"kind": "rate_limit", "path": CLIENTS, "seconds": 4})

    with pytest.raises(RateLimited) as refusal:
        client.list_clients()

    assert (refusal.value.retry_after, refusal.value.code) == (4.0, "TOO_MANY_REQUESTS")


def test_a_slow_answer_within_the_limit_is_an_answer(sandbox: SandboxProcess) -> None:
    sandbox.console("POST", "/console/faults", {"method": "GET", "path": CLIENTS, "kind": "slow", "seconds": 0.3})
    started = time.monotonic()

    assert client_of(sandbox, read_timeout=5).list_clients() == []
    assert time.monotonic() - started >= 0.3
