import html
import re
from typing import Any

import pytest
import requests

from sandbox.tests.making import CARDS, CLIENTS, Provider, document
from sandbox.tests.receiver import Receiver


class Browser:
    """Enough of a browser: cookies, the form's token, and the page that follows."""

    def __init__(self, provider: Provider) -> None:
        self.url = provider.url
        self.session = requests.Session()

    def page(self) -> str:
        answer = self.session.get(self.url, timeout=5)
        assert answer.status_code == 200
        return html.unescape(answer.text)

    def send(self, path: str, /, **fields: str) -> requests.Response:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page())
        assert found
        data = {"csrfmiddlewaretoken": found[1], **fields}
        return self.session.post(self.url + path, data=data, timeout=5, allow_redirects=False)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


def test_an_empty_console_says_what_it_will_show(browser: Browser) -> None:
    page = browser.page()

    assert "<title>CryptoMate sandbox</title>" in page
    assert "Clients appear here as the portal registers them." in page
    assert "Cards appear here as the portal issues them." in page


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(provider: Provider) -> None:
    answer = requests.get(provider.url, timeout=5)

    assert "<script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', answer.text)) == {"/console/style.css", "/"}
    assert requests.get(f"{provider.url}/console/style.css", timeout=5).headers["Content-Type"] == "text/css"


def test_a_review_is_approved_with_a_button(provider: Provider, browser: Browser) -> None:
    request = provider.in_review()
    assert "Maria Barber" in browser.page()

    answer = browser.send(f"/console/requests/{request['id']}/approve", section=f"client-{request['client_id']}")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/#client-{request['client_id']}")
    assert "Approved." in browser.page()
    assert provider.requests_of(request["client_id"])[0]["status"] == "enabled"


def test_a_review_is_rejected_with_a_reason_for_each_thing(provider: Provider, browser: Browser) -> None:
    request = provider.in_review()
    page = browser.page()
    assert 'name="reason:document:passport"' in page
    assert 'name="reason:data:phone"' in page

    fields = {"code": "X1", "description": "No", "reason:document:passport": "Blurred", "reason:data:phone": ""}
    browser.send(f"/console/requests/{request['id']}/reject", **fields)

    [rejected] = provider.requests_of(request["client_id"])
    assert rejected["rejected_items"] == [{"type": "document", "key": "passport", "reason": "Blurred"}]
    assert "X1: No" in browser.page()


def test_more_is_asked_for_by_name(provider: Provider, browser: Browser) -> None:
    request = provider.in_review()

    browser.send(f"/console/requests/{request['id']}/more", preset="proof_of_address", data="", documents="")

    [asked] = provider.requests_of(request["client_id"])[0]["missing_requirements"]["documents"]
    assert asked["id"] == "proof_of_address"
    assert "Still missing" in browser.page()


@pytest.mark.parametrize("preset", ["proof_of_address", "selfie", "employment", "tax", "never_seen"])
def test_every_preset_is_asked_of_future_requests(provider: Provider, browser: Browser, preset: str) -> None:
    before = provider.ask_for_product(provider.client())["missing_requirements"]

    browser.send("/console/requirements", preset=preset)

    after = provider.ask_for_product(provider.client(email="other@example.com"))["missing_requirements"]
    assert len(after["documents"] + after["data"]) == len(before["documents"] + before["data"]) + 1


def test_a_form_that_makes_no_sense_is_answered_in_words(browser: Browser) -> None:
    answer = browser.send("/console/requirements", data="{", section="requirements")

    assert answer.headers["Location"] == "/#requirements"
    assert "data is not JSON" in browser.page()


def test_a_purchase_is_made_and_settled_with_buttons(provider: Provider, browser: Browser) -> None:
    card_id = provider.card(deposit="500")
    browser.send(f"/console/cards/{card_id}/authorize", amount="42.50", currency="USD", merchant="Café <b>", mcc="5812")
    page = browser.page()
    found = re.search(r'name="authorization_id" value="([\w-]+)"', page)
    assert found

    browser.send(f"/console/cards/{card_id}/clear", authorization_id=found[1], amount="")

    assert "Authorized." in page
    assert provider.balance(card_id) == 456
    assert "<b>" not in requests.get(provider.url, timeout=5).text


def test_a_declined_purchase_says_why(provider: Provider, browser: Browser) -> None:
    card_id = provider.card()

    browser.send(f"/console/cards/{card_id}/authorize", amount="42.50")

    assert "Declined due to insufficient card balance (M102)." in browser.page()


def test_settings_are_saved_from_the_form(provider: Provider, browser: Browser) -> None:
    browser.send("/console/settings", rate_limit="false", card_quota="", card_cap="3", webhook_case="upper")

    settings = provider.console("GET", "/console/settings")
    assert (settings["rate_limit"], settings["card_quota"], settings["card_cap"]) == (False, None, 3)
    assert settings["webhook_case"] == "upper"


@pytest.mark.parametrize(
    "values",
    [
        {"colour": "red"},
        {"card_cap": "many"},
        {"card_cap": -1},
        {"card_cap": True},
        {"rate_limit": 1},
        {"webhook_case": "camel"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_changes_nothing(
    provider: Provider, values: dict[str, Any]
) -> None:
    before = provider.console("GET", "/console/settings")

    with pytest.raises(RuntimeError, match="answered 400"):
        provider.settings(deliver_twice=True, **values)

    assert provider.console("GET", "/console/settings") == before


def test_faults_are_set_and_cleared_from_the_page(provider: Provider, browser: Browser) -> None:
    browser.send("/console/faults", method="GET", path=f"{CLIENTS}/*", kind="html", times="", seconds="", status="")
    page = browser.page()
    fault = provider.api("GET", f"{CLIENTS}/countries").status_code

    browser.send("/console/faults", verb="DELETE")

    assert "until cleared" in page
    assert (fault, provider.api("GET", f"{CLIENTS}/countries").status_code) == (502, 200)


def test_deliveries_are_listed_and_sent_again(provider: Provider, browser: Browser, receiver: Receiver) -> None:
    provider.subscribe(receiver.url)
    provider.active_client()
    provider.wait_idle()
    assert "client_status" in browser.page()
    [delivery] = provider.console("GET", "/console/deliveries")

    browser.send(f"/console/deliveries/{delivery['id']}/redeliver")

    receiver.wait_for(2)


def test_a_form_without_its_token_is_refused(provider: Provider) -> None:
    request = provider.in_review()

    answer = requests.post(f"{provider.url}/console/requests/{request['id']}/approve", data={}, timeout=5)

    assert answer.status_code == 403
    assert provider.requests_of(request["client_id"])[0]["status"] == "in_kyc"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_json_in_disguise_needs_a_token(provider: Provider, content_type: str) -> None:
    headers = {"Content-Type": content_type}

    answer = requests.post(f"{provider.url}/console/reset", data="{}", headers=headers, timeout=5)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/console/requests/none/approve", 404),
        ("POST", "/console/cards/none/authorize", 404),
        ("POST", "/console/deliveries/1/redeliver", 404),
        ("GET", "/console/reset", 405),
        ("POST", "/console/state", 405),
        ("GET", "/console/nothing", 404),
    ],
)
def test_a_call_to_nothing_is_refused(provider: Provider, method: str, path: str, status: int) -> None:
    answer = requests.request(method, provider.url + path, json={"amount": "1"}, timeout=5)

    assert answer.status_code == status


@pytest.mark.parametrize("word", ["pending", "under_observation"])
def test_a_client_can_be_given_any_status(provider: Provider, word: str) -> None:
    client_id = provider.active_client()

    provider.console("POST", f"/console/clients/{client_id}/status", {"status": word})

    assert provider.api("GET", f"{CLIENTS}/{client_id}").json()["status"] == word
    assert provider.console("GET", "/console/deliveries")[0]["body"]["data"]["status"] == word


def test_a_request_and_a_card_can_be_given_any_status(provider: Provider) -> None:
    card_id = provider.card()
    client_id = provider.api("GET", f"{CARDS}/{card_id}").json()["client_id"]
    [request] = provider.requests_of(client_id)

    provider.decide(request, "status", status="manual_check")
    provider.on_card(card_id, "status", status="EXPIRED")

    assert provider.requests_of(client_id)[0]["status"] == "manual_check"
    assert provider.api("GET", f"{CARDS}/{card_id}").json()["status"] == "EXPIRED"


def test_a_status_that_is_no_word_is_refused(provider: Provider) -> None:
    with pytest.raises(RuntimeError, match="answered 400"):
        provider.console("POST", f"/console/clients/{provider.client()}/status", {"status": "a b"})


def test_the_state_shows_clients_cards_and_calls(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    purchase = provider.buy(card_id)

    state = provider.console("GET", "/console/state")

    [client], [card] = state["clients"], state["cards"]
    assert (client["email"], client["status"], client["cards"]) == ("mjuliabarber@example.com", "active", [card_id])
    assert client["requests"][0]["documents"][0]["document_type"] == "passport"
    assert (card["id"], card["balance"], card["purchases"][0]["authorization_id"]) == (
        card_id,
        456,
        purchase["authorization_id"],
    )
    assert (state["calls"], state["rate_limited"]) == (5, 0)


def test_a_reset_leaves_nothing(provider: Provider, receiver: Receiver) -> None:
    provider.subscribe(receiver.url)
    provider.card()
    provider.console("POST", "/console/requirements", {"documents": [{"id": "selfie"}]})
    provider.fault("error", f"{CARDS}/types", times=None)

    provider.console("POST", "/console/reset")

    assert provider.console("GET", "/console/state") == {"clients": [], "cards": [], "calls": 0, "rate_limited": 0}
    assert provider.console("GET", "/console/deliveries") == []
    assert provider.console("GET", "/console/requirements") == {"data": [], "documents": []}
    assert provider.console("GET", "/console/settings")["rate_limit"] is True
    assert provider.api("GET", f"{CARDS}/types").status_code == 200
    assert provider.api("GET", "/management/companies").json()["webhook_url"] is None


def test_the_page_shows_a_client_in_every_status(provider: Provider, browser: Browser) -> None:
    provider.client(email="alone@example.com")
    missing = provider.ask_for_product(provider.client(email="missing@example.com", phone_number=...))
    provider.upload(missing, document("national_id", metadata={"number": "REJECT-ME"}))
    rejected = provider.in_review(email="rejected@example.com")
    provider.decide(rejected, "reject", items=[{"type": "data", "key": "phone", "reason": "Nobody answers"}])
    provider.card()

    page = browser.page()

    assert "No product requested yet." in page
    assert "The document could not be read" in page
    assert "phone: Nobody answers" in page
    assert "Take back" in page


def test_a_client_is_changed_behind_the_portals_back(provider: Provider) -> None:
    client_id = provider.client()

    changes = {"city": "Pilar", "birth_date": "1985-01-02", "second_name": None}
    provider.console("POST", f"/console/clients/{client_id}/data", changes)

    client = provider.api("GET", f"{CLIENTS}/{client_id}").json()
    assert (client["address"]["city"], client["address"]["postal_code"]) == ("Pilar", "1669")
    assert (client["birth_date"], client["second_name"], client["last_name"]) == ("1985-01-02", None, "Barber")
    assert provider.console("GET", "/console/deliveries") == []


@pytest.mark.parametrize("values", [{}, {"status": "active"}, {"birth_date": "soon"}, {"city": ["Pilar"]}])
def test_a_change_that_makes_no_client_is_refused(provider: Provider, values: dict[str, Any]) -> None:
    client_id = provider.client()
    before = provider.api("GET", f"{CLIENTS}/{client_id}").json()

    with pytest.raises(RuntimeError, match="answered 400"):
        provider.console("POST", f"/console/clients/{client_id}/data", values)

    assert provider.api("GET", f"{CLIENTS}/{client_id}").json() == before


def test_a_request_is_opened_and_a_client_removed_behind_the_portals_back(provider: Provider) -> None:
    client_id = provider.client()

    provider.console("POST", f"/console/clients/{client_id}/request")
    assert [each["status"] for each in provider.requests_of(client_id)] == ["pending_documentation"]
    with pytest.raises(RuntimeError, match="answered 409"):
        provider.console("POST", f"/console/clients/{client_id}/request")
    provider.console("POST", f"/console/clients/{client_id}/remove")

    assert provider.api("GET", f"{CLIENTS}/{client_id}").status_code == 404
