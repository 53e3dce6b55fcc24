import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError, SSLError

from cryptomate import (
    ApiUnavailable,
    Client,
    Conflict,
    CryptoMateError,
    Invalid,
    MalformedAnswer,
    NoAnswer,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
)
from cryptomate.errors import seconds_to_wait
from cryptomate.testing import API_KEY, FakeTransport, client_json

CARD = "/cards/individual-cards/icard_1"
CREATE = "/cards/individual-cards/create"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)


def read(client: Client) -> None:
    client.get_card("icard_1")


def change(client: Client) -> None:
    client.create_card(
        client_id="maria",
        card_holder_name="Maria",
        approval_method="TOPUP",
        daily_limit=Decimal(5),
        idempotency_key="k",
    )


def error_of_a_read(provider: FakeTransport) -> CryptoMateError:
    with pytest.raises(CryptoMateError) as caught:
        read(provider.client())
    return caught.value


def error_of_a_change(provider: FakeTransport) -> CryptoMateError:
    with pytest.raises(CryptoMateError) as caught:
        change(provider.client())
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (302, "WARNING", Refused),
        (400, "APP_ERROR", Invalid),
        (400, "VALUE_NOT_ALLOWED", Invalid),
        (400, "VAL", Invalid),
        (401, "DENIED", Unauthorized),
        (401, "AUTH", Unauthorized),
        (401, "AUTH_ERROR", Unauthorized),
        (403, "API_ERROR", Unauthorized),
        (404, "NOT_FOUND", NotFound),
        (405, "BAD_REQUEST", Invalid),
        (408, "TIMEOUT", NoAnswer),
        (409, "VAL", Conflict),
        (409, "MIRROR_WALLET_PROVISIONING_IN_PROGRESS", Conflict),
        (412, "VAL", Invalid),
        (412, "CHALLENGE_DECISION_CONFLICT", Invalid),
        (413, "TOO_LARGE", Invalid),
        (422, "VALIDATION_ERROR", Invalid),
        (429, "TOO_MANY_REQUESTS", RateLimited),
        (500, "SERVER_ERROR", NoAnswer),
        (502, "BAD_GATEWAY", NoAnswer),
        (503, "UNAVAILABLE", NoAnswer),
        (504, "TIMEOUT", NoAnswer),
    ],
)
def test_status_decides_the_error_and_the_code_is_kept(
    provider: FakeTransport, status: int, code: str, kind: type[CryptoMateError]
) -> None:
    provider.refuse("POST", CREATE, status, code=code, message="The provider's sentence")

    error = error_of_a_change(provider)

    assert type(error) is kind
    assert (error.status, error.code, error.message, error.trace_id) == (status, code, "The provider's sentence", TRACE)


@pytest.mark.parametrize("kind", [NotFound, Conflict, Invalid])
def test_every_refusal_can_be_caught_as_one(kind: type[CryptoMateError]) -> None:
    assert issubclass(kind, Refused)


@pytest.mark.parametrize("kind", [NotSent, NoAnswer, MalformedAnswer])
def test_every_kind_of_silence_can_be_caught_as_one(kind: type[CryptoMateError]) -> None:
    assert issubclass(kind, ApiUnavailable)


def test_a_redirect_is_never_followed(provider: FakeTransport) -> None:
    provider.reply("POST", CREATE, status=307, headers={"Location": "https://elsewhere.example/"})

    error = error_of_a_change(provider)

    assert (type(error), error.status, len(provider.calls)) == (Refused, 307, 1)


@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b'{"status":404,"error":"Not Found"}', b"[]"])
def test_a_404_that_is_not_the_providers_says_nothing_about_the_card(provider: FakeTransport, body: bytes) -> None:
    provider.reply("GET", CARD, status=404, body=body)

    assert type(error_of_a_read(provider)) is NoAnswer


@pytest.mark.parametrize("body", [b"<html>Request Entity Too Large</html>", b"", b"null", b'{"code": {"a": 1}}'])
def test_a_refusal_without_a_readable_body_is_still_a_refusal(provider: FakeTransport, body: bytes) -> None:
    provider.reply("POST", CREATE, status=413, body=body)

    error = error_of_a_change(provider)

    assert (type(error), error.code, error.message) == (Invalid, "", "")


def test_the_older_error_key_is_read(provider: FakeTransport) -> None:
    provider.reply("GET", CARD, {"error_code": "TOO_MANY_REQUESTS", "message": "Slow down"}, status=429)

    assert error_of_a_read(provider).code == "TOO_MANY_REQUESTS"


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"code": "VAL", "trace_id": "in-body"}, {}, "in-body"),
        ({"code": "VAL"}, {"X-Trace-Id": "in-header"}, "in-header"),
        ({"code": "VAL", "trace_id": None}, {"x-trace-id": "in-header"}, "in-header"),
        ({"code": "VAL", "trace_id": "in-body"}, {"X-Trace-Id": "in-header"}, "in-body"),
        ({"code": "VAL"}, {}, ""),
        ({"code": "VAL", "trace_id": "forged\nline"}, {}, ""),
        ({"code": "VAL", "trace_id": "x" * 200}, {}, ""),
    ],
)
def test_the_trace_id_is_found_in_body_or_header(
    provider: FakeTransport, body: object, headers: Mapping[str, str], expected: str
) -> None:
    provider.reply("POST", CREATE, body, status=412, headers=headers)

    assert error_of_a_change(provider).trace_id == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("4", 4.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("99999999", 3600.0),
        ("Wed, 15 Apr 2026 12:00:30 GMT", 30.0),
        ("Wed, 15 Apr 2026 12:00:30 -0000", 30.0),
        ("Wed, 15 Apr 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, now=NOON) == seconds


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "4"}, 4.0), ({}, 1.0), ({"Retry-After": "?"}, 1.0)])
def test_a_rate_limit_always_says_how_long_to_wait(
    provider: FakeTransport, headers: Mapping[str, str], seconds: float
) -> None:
    provider.refuse("GET", CARD, 429, headers=headers)

    error = error_of_a_read(provider)

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, None)])
def test_a_provider_that_is_down_may_say_how_long(
    provider: FakeTransport, headers: Mapping[str, str], seconds: float | None
) -> None:
    provider.refuse("GET", CARD, 503, headers=headers)

    error = error_of_a_read(provider)

    assert isinstance(error, NoAnswer)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "failure",
    [
        requests.ReadTimeout("read timed out"),
        requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))),
        requests.ConnectionError(ProtocolError("Connection aborted.", TimeoutError("timed out"))),
        requests.ConnectionError(ReadTimeoutError(None, "", "timed out")),  # type: ignore[arg-type]
        requests.exceptions.ChunkedEncodingError(ProtocolError("IncompleteRead")),
        requests.exceptions.ContentDecodingError("bad gzip"),
        requests.exceptions.SSLError(MaxRetryError(None, "", SSLError("record layer failure"))),  # type: ignore[arg-type]
        requests.RequestException("something new"),
        ProtocolError("not wrapped by requests"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_change_that_was_cut_off_may_have_happened(provider: FakeTransport, failure: Exception) -> None:
    provider.fail("POST", CREATE, failure)

    error = error_of_a_change(provider)

    assert isinstance(error, NoAnswer)
    assert error.acted_possibly
    assert len(provider.calls) == 1


def test_a_read_that_was_cut_off_changed_nothing_and_is_not_repeated(provider: FakeTransport) -> None:
    provider.fail("GET", CARD, requests.ReadTimeout("read timed out"))

    error = error_of_a_read(provider)

    assert isinstance(error, NoAnswer)
    assert not error.acted_possibly
    assert len(provider.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_to_a_change_may_have_acted_and_to_a_read_has_not(provider: FakeTransport, status: int) -> None:
    provider.refuse("POST", CREATE, status)
    provider.refuse("GET", CARD, status)

    changed, was_read = error_of_a_change(provider), error_of_a_read(provider)

    assert isinstance(changed, NoAnswer)
    assert isinstance(was_read, NoAnswer)
    assert (changed.acted_possibly, was_read.acted_possibly) == (True, False)


def test_a_change_whose_connection_is_refused_is_not_repeated(provider: FakeTransport) -> None:
    provider.fail_to_connect("POST", CREATE)

    error = error_of_a_change(provider)

    assert isinstance(error, NotSent)
    assert not error.acted_possibly
    assert error.reason == "NewConnectionError"
    assert len(provider.calls) == 1


def test_a_read_whose_connection_is_refused_is_tried_once_more(provider: FakeTransport) -> None:
    provider.fail_to_connect("GET", "/management/clients/individuals/maria")
    provider.reply("GET", "/management/clients/individuals/maria", client_json(id="maria"))

    assert provider.client().get_client("maria").id == "maria"
    assert len(provider.calls) == 2


def test_a_read_is_given_up_after_the_second_refused_connection(provider: FakeTransport) -> None:
    provider.fail_to_connect("GET", CARD)

    assert isinstance(error_of_a_read(provider), NotSent)
    assert len(provider.calls) == 2


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout("connect timed out"),
        requests.exceptions.ProxyError("no proxy"),
        requests.exceptions.InvalidURL("no host"),
        requests.exceptions.InvalidHeader("bad header"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_what_never_left_certainly_did_nothing(provider: FakeTransport, failure: Exception) -> None:
    provider.fail("POST", CREATE, failure)

    error = error_of_a_change(provider)

    assert isinstance(error, NotSent)
    assert not error.acted_possibly


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html>Welcome</html>",
        b'{"id": "icard_1", "status"',
        b'{"id": NaN}',
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"ACTIVE"',
        b"[" * 100_000,
        b'{"status": "ACTIVE"}',
    ],
)
def test_a_success_that_cannot_be_read_is_no_answer(provider: FakeTransport, body: bytes) -> None:
    provider.reply("POST", CREATE, status=201, body=body, headers={"X-Trace-Id": "trace-1"})

    error = error_of_a_change(provider)

    assert isinstance(error, MalformedAnswer)
    assert error.acted_possibly
    assert (error.status, error.trace_id) == (201, "trace-1")


def test_half_a_body_is_no_answer(provider: FakeTransport) -> None:
    provider.reply("POST", CREATE, body=b'{"id": "icard_1", "status": "ACTI', headers={"Content-Length": "900"})

    error = error_of_a_change(provider)

    assert isinstance(error, NoAnswer)
    assert error.acted_possibly


def test_a_malformed_read_changed_nothing(provider: FakeTransport) -> None:
    provider.reply("GET", CARD, {"id": "icard_1"})

    error = error_of_a_read(provider)

    assert isinstance(error, MalformedAnswer)
    assert (error.field, error.acted_possibly) == ("status", False)


@pytest.mark.parametrize(
    "error",
    [
        Invalid("A sentence", status=412, code="VAL", trace_id="t-1"),
        MalformedAnswer("missing_requirements.data[0].id"),
        NotSent(reason="NewConnectionError"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_the_way_between_processes(error: CryptoMateError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_an_error_in_a_log_names_status_code_and_trace_only(provider: FakeTransport) -> None:
    provider.refuse("POST", CREATE, 412, code="VAL", message=f"Maria Barber may not use {API_KEY}")

    error = error_of_a_change(provider)

    assert str(error) == f"412 VAL trace {TRACE}"
    assert repr(error) == f"Invalid(412 VAL trace {TRACE})"
    assert error.args == ()
    assert error.message == "Maria Barber may not use …"


def test_a_failed_call_keeps_no_hold_of_the_request(provider: FakeTransport) -> None:
    provider.drop("POST", CREATE)

    error = error_of_a_change(provider)

    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_sentence_without_end_is_cut(provider: FakeTransport) -> None:
    provider.refuse("POST", CREATE, 400, message="x" * 100_000)

    assert len(error_of_a_change(provider).message) == 1000
