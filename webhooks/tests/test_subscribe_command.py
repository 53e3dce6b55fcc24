from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cryptomate import Client, CryptoMateError, Invalid, NotSent, RateLimited, Unauthorized
from webhooks.management.commands import subscribe_webhook

KEY = "a-webhook-key-of-ours"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[tuple[str, str]]:
    settings.CRYPTOMATE_WEBHOOK_KEY = KEY
    settings.PUBLIC_URL = "https://portal.example.com/"
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(Client, "subscribe_webhook", lambda _self, url, key: seen.append((url, key)))
    return seen


def test_the_command_registers_our_address_and_key(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("subscribe_webhook")

    said = capsys.readouterr()
    assert asked == [("https://portal.example.com/webhooks/cryptomate/", KEY)]
    assert "https://portal.example.com/webhooks/cryptomate/" in said.out
    assert KEY not in said.out + said.err


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (Unauthorized(status=401, code="AUTH"), "CRYPTOMATE_API_KEY"),
        (Invalid(status=412, code="VAL"), "refuses the address or the key"),
        (RateLimited(status=429), "in a minute"),
        (NotSent(reason="ConnectionRefusedError"), "does not answer"),
    ],
)
def test_a_failure_says_what_to_do_and_never_the_key(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, error: CryptoMateError, advice: str
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Client, "subscribe_webhook", fails)

    with pytest.raises(CommandError, match=advice) as said:
        call_command("subscribe_webhook")

    assert KEY not in str(said.value)


def test_production_is_told_an_https_address_only(asked: list[Any], settings: Any) -> None:
    settings.CRYPTOMATE_IS_SANDBOX = False
    settings.PUBLIC_URL = "http://portal.example.com"

    with pytest.raises(CommandError, match="not HTTPS"):
        call_command("subscribe_webhook")

    assert asked == []


def test_the_sandbox_may_deliver_over_the_loopback_address(asked: list[Any], settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    call_command("subscribe_webhook")

    assert asked == [("http://127.0.0.1:8000/webhooks/cryptomate/", KEY)]


def test_advice_covers_every_error_of_the_client() -> None:
    for kind in CryptoMateError.__subclasses__():
        assert subscribe_webhook._advice(kind()).endswith(".")
