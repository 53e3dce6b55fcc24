"""A stand-in for the network below the client, and answers as the provider documents them. For tests only.

It replaces `HTTPAdapter.send`, so that addresses, headers, JSON, timeouts and the naming of errors are the real ones.
"""

import fnmatch
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from cryptomate.client import Client
from cryptomate.reading import write_json
from cryptomate.transport import Exchange

API_URL = "https://api.example.test"
API_KEY = "key-for-tests-7f3a"
CODES = {400: "BAD_REQUEST", 401: "DENIED", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS", 500: "SERVER_ERROR"}


@dataclass(frozen=True, kw_only=True)
class FakeCall:
    """One request as it would have left."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    json: Any
    body: str
    timeout: Any


Answer = Callable[[FakeCall, requests.PreparedRequest], urllib3.HTTPResponse]


class FakeTransport(HTTPAdapter):
    """Answers by method and path, where `*` stands for any part of the path.

    Answers to the same method and path are given in the order they were set; the last one keeps answering. A call that
    nothing was set for fails the test.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[FakeCall] = []
        self._answers: list[tuple[str, str, list[Answer]]] = []

    def client(
        self, *, observe: Callable[[Exchange], None] | None = None, timeout: tuple[float, float] = (3.05, 15)
    ) -> Client:
        return Client(url=API_URL, api_key=API_KEY, session=self.session(), observe=observe, timeout=timeout)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    def calls_to(self, method: str, path: str) -> list[FakeCall]:
        return [call for call in self.calls if call.method == method and fnmatch.fnmatchcase(call.path, path)]

    def reply(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Answer with this JSON, with what it returns for the call where it is callable, or with these bytes."""

        def answer(call: FakeCall, _request: requests.PreparedRequest) -> urllib3.HTTPResponse:
            value = json(call) if callable(json) else json
            content = body if body is not None else b"" if value is None else write_json(value).encode()
            return _response(status, headers or {}, content)

        self._set(method, path, answer)

    def refuse(
        self,
        method: str,
        path: str,
        status: int,
        *,
        code: str = "",
        message: str = "Refused",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with an error as the provider writes one."""
        self.reply(
            method,
            path,
            {
                "code": code or CODES.get(status, "VAL"),
                "message": message,
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            },
            status=status,
            headers=headers,
        )

    def fail_to_connect(self, method: str, path: str) -> None:
        """Refuse the connection: the request never leaves."""

        def answer(_call: FakeCall, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
            reason = NewConnectionError(urllib3.HTTPSConnectionPool("api.example.test"), "Connection refused")  # type: ignore[arg-type]
            raise requests.ConnectionError(MaxRetryError(None, request.url or "", reason), request=request)  # type: ignore[arg-type]

        self._set(method, path, answer)

    def drop(self, method: str, path: str, *, act: Callable[[FakeCall], object] | None = None) -> None:
        """Carry out `act`, then close the connection without an answer."""

        def answer(call: FakeCall, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
            if act:
                act(call)
            dropped = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
            raise requests.ConnectionError(dropped, request=request)

        self._set(method, path, answer)

    def fail(self, method: str, path: str, error: BaseException) -> None:
        """Raise what `requests` would raise."""

        def answer(_call: FakeCall, _request: requests.PreparedRequest) -> urllib3.HTTPResponse:
            raise error

        self._set(method, path, answer)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature of requests
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature of requests
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        call = _call_from(request, timeout)
        assert timeout is not None, f"{call.method} {call.path} was sent without a timeout"
        self.calls.append(call)
        return self.build_response(request, self._answer_for(call)(call, request))

    def _set(self, method: str, path: str, answer: Answer) -> None:
        for known_method, known_path, answers in self._answers:
            if (known_method, known_path) == (method, path):
                answers.append(answer)
                return
        self._answers.append((method, path, [answer]))

    def _answer_for(self, call: FakeCall) -> Answer:
        for method, path, answers in self._answers:
            if method == call.method and fnmatch.fnmatchcase(call.path, path):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        raise AssertionError(f"Nothing was set to answer {call.method} {call.path}")


def _call_from(request: requests.PreparedRequest, timeout: Any) -> FakeCall:
    parts = urlsplit(request.url or "")
    assert isinstance(parts.path, str)
    assert isinstance(parts.query, str)
    sent: Any = request.body
    body = sent.read().decode() if sent is not None else ""
    return FakeCall(
        method=request.method or "",
        path=unquote(parts.path),
        query=parse_qsl(parts.query),
        headers=request.headers,
        json=json.loads(body, parse_float=Decimal) if body else None,
        body=body,
        timeout=timeout,
    )


def _response(status: int, headers: Mapping[str, str], content: bytes) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        body=io.BytesIO(content),
        status=status,
        headers={"Content-Type": "application/json", "Content-Length": str(len(content)), **headers},
        preload_content=False,
    )


def client_json(**changes: Any) -> dict[str, Any]:
    """Return a client as the provider answers it, with these keys changed."""
    return {
        "id": "4QWq1rQtjnLM0wMswTRY9AmM4XTvY4GG",
        "type": "individual",
        "status": "pending",
        "first_name": "Maria",
        "second_name": "Julia",
        "last_name": "Barber",
        "email": "mjuliabarber@example.com",
        "birth_date": "1984-11-21",
        "phone_country_code": 54,
        "phone_number": 1168860622,
        "address": {
            "street_line1": "Florida 9860",
            "city": "Del Viso",
            "postal_code": "1669",
            "state": "ARG-B",
            "country": "ARG",
        },
        **changes,
    }


def passport_requirement() -> dict[str, Any]:
    number = {"id": "number", "name": "Document Number", "data_type": "STRING", "required": True}
    passport = {
        "id": "passport",
        "name": "Passport",
        "description": "A valid passport",
        "required": True,
        "require_image": True,
        "require_back_image": False,
        "metadata": [number],
    }
    return {
        "id": "identity_document",
        "name": "Identity document",
        "description": "A valid government-issued identity document",
        "required": True,
        "valid_documents": [passport],
    }


def phone_requirement() -> dict[str, Any]:
    return {
        "id": "personal_information",
        "name": "Personal information",
        "description": "How to reach the client",
        "required": True,
        "fields": [{"key": "phone", "data_type": "PHONE", "required": True}],
    }


def request_json(**changes: Any) -> dict[str, Any]:
    """Return a product request that lacks a passport and a phone, with these keys changed."""
    return {
        "id": "2VvyMx6rNLRB1W9euCyJGe46qyoiVPzh",
        "client_id": "4QWq1rQtjnLM0wMswTRY9AmM4XTvY4GG",
        "product": "cards_individuals",
        "status": "pending_documentation",
        "missing_requirements": {"documents": [passport_requirement()], "data": [phone_requirement()]},
        "created_at": "2026-04-15T10:30:00",
        "updated_at": "2026-04-15T10:30:00",
        **changes,
    }


def card_json(**changes: Any) -> dict[str, Any]:
    """Return an issued card, with these keys changed."""
    return {
        "id": "icard_6f1e2a30-4a3c-4b2e-9a1d-5e8c9b7a1f23",
        "rain_card_id": "rain_9d3b2c10-1a2b-3c4d-5e6f-7a8b9c0d1e2f",
        "client_id": "4QWq1rQtjnLM0wMswTRY9AmM4XTvY4GG",
        "type": "Virtual",
        "status": "ACTIVE",
        "last4": "4242",
        "expiration_month": 12,
        "expiration_year": 2028,
        "card_holder_name": "MARIA BARBER",
        "approval_method": "TOPUP",
        "daily_limit": Decimal("100.00"),
        "weekly_limit": Decimal("500.00"),
        "monthly_limit": Decimal("2000.00"),
        "per_transaction_limit": Decimal("50.00"),
        "forwarded_3ds_type": "sms",
        **changes,
    }


def movement_json(**changes: Any) -> dict[str, Any]:
    """Return a settled purchase in a card's history, with these keys changed."""
    return {
        "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "datetime": "2026-04-15T10:30:00",
        "operation": "TRANSACTION_APPROVED",
        "bill_amount": Decimal("100.00"),
        "bill_currency": "USD",
        "transaction_amount": Decimal("85.50"),
        "transaction_currency": "EUR",
        "exchange_rate": Decimal("1.170000"),
        "merchant_name": "Amazon.com",
        "original_balance": Decimal("5000.00"),
        "new_balance": Decimal("4900.00"),
        "status": "APPROVED",
        "decline_reason": None,
        "fee_fx_provider": Decimal("0.50"),
        "fee_fx_client": Decimal("0.75"),
        **changes,
    }


def movements_json(*movements: Mapping[str, Any], next_page: int | None = None) -> dict[str, Any]:
    """Return one page of a card's history."""
    return {
        "number_of_elements": len(movements),
        "next_page": next_page,
        "total_pages": 1 if next_page is None else next_page,
        "total_elements": len(movements),
        "movements": list(movements),
    }
