"""Production refuses to start half configured; the settings it starts with are the strict ones."""

import base64
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from portal.checks import no_demo_values, webhook_key_is_usable
from portal.env import DEMO_VALUES, hours, minutes, one_of

PRODUCTION = {
    "SECRET_KEY": "a-secret-key-of-their-own-that-is-long-enough-to-pass-the-check",
    "ALLOWED_HOSTS": "portal.example.com",
    "DATA_KEYS": base64.urlsafe_b64encode(b"0" * 32).decode(),
    "AUDIT_KEY": "an-audit-key-of-their-own",
    "CRYPTOMATE_API_KEY": "an-api-key-of-their-own",
    "CRYPTOMATE_WEBHOOK_KEY": "a-webhook-key-of-their-own",
}


def start(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Load the settings as a process of its own would, with this environment and nothing else."""
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "SECOND_FACTOR")
    script = f"from django.conf import settings; print(*(getattr(settings, name) for name in {names}))"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "portal.settings", "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", sorted(PRODUCTION))
def test_production_does_not_start_without_each_key_and_names_it(missing: str) -> None:
    answer = start(**{name: value for name, value in PRODUCTION.items() if name != missing})

    assert answer.returncode != 0
    assert f"Set {missing} in the environment" in answer.stderr


def test_production_insists_on_https_and_on_second_factors_of_admins() -> None:
    assert start(**PRODUCTION).stdout.split() == ["True", "True", "admins"]


def test_the_demo_starts_with_nothing_set_but_its_name() -> None:
    assert start(DEMO="1").returncode == 0


def test_a_short_webhook_key_is_an_error() -> None:
    with override_settings(CRYPTOMATE_WEBHOOK_KEY="short"):
        assert [error.id for error in webhook_key_is_usable()] == ["portal.E001"]
    assert webhook_key_is_usable() == []


def test_the_demos_keys_are_an_error_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.checks.DEMO", False)

    with override_settings(AUDIT_KEY=DEMO_VALUES["AUDIT_KEY"], SECRET_KEY="theirs"):
        errors = [error.msg for error in no_demo_values()]

    assert any(error.startswith("AUDIT_KEY") for error in errors)
    assert not any(error.startswith("SECRET_KEY") for error in errors)


@pytest.mark.parametrize(("written", "read"), [("", (1, 5)), ("22-4", (22, 4)), ("never", None)])
def test_the_hours_of_the_comparison_are_read(
    written: str, read: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPARISON_HOURS", written)

    assert hours("COMPARISON_HOURS", "1-5") == read


@pytest.mark.parametrize("written", ["5-5", "1-24", "1", "at night", "-1-5"])
def test_hours_that_make_no_night_are_refused_by_name(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPARISON_HOURS", written)

    with pytest.raises(ImproperlyConfigured, match="Write COMPARISON_HOURS as two different hours"):
        hours("COMPARISON_HOURS", "1-5")


def test_a_word_that_is_no_choice_and_minutes_that_are_none_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECOND_FACTOR", "sometimes")
    with pytest.raises(ImproperlyConfigured, match="Set SECOND_FACTOR to one of off, admins, all"):
        one_of("SECOND_FACTOR", ("off", "admins", "all"), default="admins")

    for written in ("0", "-1", "soon", "1.5"):
        monkeypatch.setenv("IDLE_MINUTES", written)
        with pytest.raises(ImproperlyConfigured, match="Write IDLE_MINUTES as a number of minutes"):
            minutes("IDLE_MINUTES", 30)
