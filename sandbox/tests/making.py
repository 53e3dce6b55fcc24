"""A caller of the sandbox that knows the way to each state a test starts from."""

import base64
import time
from io import BytesIO
from typing import Any

import requests
from PIL import Image

from sandbox.testing import SandboxProcess

CLIENTS = "/management/clients/individuals"
CARDS = "/cards/individual-cards"
WEBHOOK_KEY = "a-webhook-key-of-tests"

MARIA: dict[str, Any] = {
    "first_name": "Maria",
    "second_name": "Julia",
    "last_name": "Barber",
    "email": "mjuliabarber@example.com",
    "birth_date": "1984-11-21",
    "address": {
        "street_line1": "Florida 9860",
        "city": "Del Viso",
        "postal_code": "1669",
        "state": "ARG-B",
        "country": "ARG",
    },
    "phone_country_code": 54,
    "phone_number": 1168860622,
}


def person(**changes: Any) -> dict[str, Any]:
    """Return Maria with some fields changed; `...` leaves a field out."""
    return {name: value for name, value in (MARIA | changes).items() if value is not ...}


def image(kind: str = "PNG", size: tuple[int, int] = (40, 25)) -> str:
    buffer = BytesIO()
    Image.new("RGB", size, "#8899aa").save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def document(document_type: str = "passport", **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "document_type": document_type,
        "image_front": image(),
        "metadata": {"number": "AAB123456"},
    }
    if document_type != "passport":
        content["image_back"] = image()
    content |= changes
    return {"document": {name: value for name, value in content.items() if value is not ...}}


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert set(body) == {"code", "message", "trace_id"}
    assert answer.headers["X-Trace-Id"] == body["trace_id"]
    return answer.status_code, body["code"], body["message"]


class Provider:
    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.url = process.url
        self.api = process.api
        self.console = process.console

    def settings(self, **values: Any) -> None:
        self.console("POST", "/console/settings", values)

    def fault(self, kind: str, path: str, **values: Any) -> None:
        self.console("POST", "/console/faults", {"kind": kind, "path": path, **values})

    def subscribe(self, url: str) -> None:
        body = {"url": url, "webhook_key": WEBHOOK_KEY}
        assert self.api("POST", "/management/companies/webhook/subscribe", json=body).ok

    def wait_idle(self) -> None:
        assert self.console("POST", "/console/wait-idle", {"seconds": 10})["idle"]

    def calls(self) -> list[dict[str, Any]]:
        """Wait for a call that is over for us, and may not be for the sandbox, and list what it has counted."""
        deadline = time.monotonic() + 10
        while not (calls := self.console("GET", "/console/calls")) and time.monotonic() < deadline:
            time.sleep(0.01)
        return list(calls)

    def client(self, **changes: Any) -> str:
        answer = self.api("POST", CLIENTS, json=person(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def ask_for_product(self, client_id: str) -> dict[str, Any]:
        answer = self.api("POST", f"{CLIENTS}/{client_id}/products", json={"subproduct": "cards_individuals"})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def upload(self, request: dict[str, Any], body: dict[str, Any]) -> requests.Response:
        return self.api("POST", self._of(request, "documentation"), json=body)

    def submit(self, request: dict[str, Any]) -> requests.Response:
        return self.api("POST", self._of(request, "submit"))

    def _of(self, request: dict[str, Any], step: str) -> str:
        return f"{CLIENTS}/{request['client_id']}/products/{request['id']}/{step}"

    def requests_of(self, client_id: str) -> list[dict[str, Any]]:
        return list(self.api("GET", f"{CLIENTS}/{client_id}/products").json())

    def in_review(self, **changes: Any) -> dict[str, Any]:
        request = self.ask_for_product(self.client(**changes))
        assert self.upload(request, document()).ok
        submitted = self.submit(request).json()["product"]
        assert submitted["status"] == "in_kyc"
        return dict(submitted)

    def decide(self, request: dict[str, Any], verdict: str, **values: Any) -> Any:
        return self.console("POST", f"/console/requests/{request['id']}/{verdict}", values)

    def active_client(self, **changes: Any) -> str:
        request = self.in_review(**changes)
        self.decide(request, "approve")
        return str(request["client_id"])

    def issue(self, client_id: str, /, **values: Any) -> requests.Response:
        body = {"client_id": client_id, "card_holder_name": "Maria Barber"} | values
        return self.api("POST", f"{CARDS}/create", json=body)

    def card(self, *, deposit: str = "", **values: Any) -> str:
        answer = self.issue(self.active_client(), **values)
        assert answer.status_code == 201, answer.text
        card_id = str(answer.json()["id"])
        if deposit:
            self.on_card(card_id, "deposit", amount=deposit)
        return card_id

    def on_card(self, card_id: str, act: str, **values: Any) -> Any:
        return self.console("POST", f"/console/cards/{card_id}/{act}", values)

    def buy(self, card_id: str, amount: str = "42.50", **values: Any) -> Any:
        return self.on_card(card_id, "authorize", amount=amount, **values)

    def balance(self, card_id: str) -> float:
        return float(self.api("GET", f"{CARDS}/{card_id}/balance").json()["available_credit"])

    def holding(self) -> float:
        return float(self.api("GET", f"{CARDS}/holding-wallet/balance").json()["balance"])
