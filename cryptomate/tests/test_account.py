import pytest

from cryptomate import Client, Company, Invalid, MalformedAnswer, VelocityRule
from cryptomate.testing import FakeTransport

RULES = "/cards/account/configuration/velocity-rules"
COMPANY = "/management/companies"
KEY = "webhook-key-0123456789"
ANSWER = {
    "name": "Acme",
    "email": "ops@acme.example",
    "webhook_url": "https://portal.example/webhooks/cryptomate/",
    "webhook_key": KEY,
}
THREE_A_MINUTE = VelocityRule(max_authorizations=3, time_window_seconds=60)


def test_velocity_rules_are_fetched(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", RULES, {"rules": [{"max_authorizations": "3", "time_window_seconds": 60}]})

    assert client.get_velocity_rules() == [THREE_A_MINUTE]


@pytest.mark.parametrize("answer", [{}, {"rules": None}, {"rules": []}])
def test_a_company_without_velocity_rules_has_an_empty_list(
    provider: FakeTransport, client: Client, answer: object
) -> None:
    provider.reply("GET", RULES, answer)

    assert client.get_velocity_rules() == []


def test_replacing_velocity_rules_sends_them_all_and_returns_the_stored_ones(
    provider: FakeTransport, client: Client
) -> None:
    provider.reply("PUT", RULES, lambda call: call.json)

    assert client.replace_velocity_rules([THREE_A_MINUTE]) == [THREE_A_MINUTE]
    assert provider.calls[0].json == {"rules": [{"max_authorizations": 3, "time_window_seconds": 60}]}


def test_two_rules_with_one_window_are_refused(provider: FakeTransport, client: Client) -> None:
    provider.refuse("PUT", RULES, 400, code="VELOCITY_RULES_DUPLICATE_WINDOW")

    with pytest.raises(Invalid) as refusal:
        client.replace_velocity_rules([THREE_A_MINUTE, THREE_A_MINUTE])

    assert refusal.value.code == "VELOCITY_RULES_DUPLICATE_WINDOW"


def test_a_rule_without_its_window_is_malformed(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", RULES, {"rules": [{"max_authorizations": 3}]})

    with pytest.raises(MalformedAnswer, match=r"rules\[0\]\.time_window_seconds"):
        client.get_velocity_rules()


def test_clearing_velocity_rules_takes_an_empty_answer(provider: FakeTransport, client: Client) -> None:
    provider.reply("DELETE", RULES, status=204)

    client.clear_velocity_rules()

    assert len(provider.calls_to("DELETE", RULES)) == 1


def test_subscribing_sends_address_and_key(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", f"{COMPANY}/webhook/subscribe", ANSWER)

    company = client.subscribe_webhook("https://portal.example/webhooks/cryptomate/", KEY)

    assert company.webhook_url == "https://portal.example/webhooks/cryptomate/"
    assert provider.calls[0].json == {"url": "https://portal.example/webhooks/cryptomate/", "webhook_key": KEY}


def test_changing_the_webhook_key_sends_it_alone(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", f"{COMPANY}/webhook/key", ANSWER)

    client.set_webhook_key(KEY)

    assert provider.calls[0].json == {"key": KEY}


def test_a_short_webhook_key_is_refused_without_repeating_it(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", f"{COMPANY}/webhook/key", 412, message="Webhook key short-key is too short")

    with pytest.raises(Invalid) as refusal:
        client.set_webhook_key("short-key")

    assert refusal.value.message == "Webhook key … is too short"


def test_the_company_is_read_without_its_webhook_key(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", COMPANY, ANSWER)

    company = client.get_company()

    assert company == Company(
        name="Acme", email="ops@acme.example", webhook_url="https://portal.example/webhooks/cryptomate/"
    )
    assert KEY not in str(vars(company))


def test_a_company_that_never_subscribed_has_no_address(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", COMPANY, {"name": "Acme", "webhook_url": None, "webhook_key": None})

    assert client.get_company().webhook_url == ""
