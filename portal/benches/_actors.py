"""People at the portal's pages and at the sandbox's console, who do what is possible next, again and again."""

import html
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError

import psycopg
import requests

from portal.testing import Stack
from portal.tests.visitor import FINANCES, MARIA

PATIENCE = 60.0  # seconds in which somebody sends a form again that was not answered
TWICE = 0.1  # of the forms are sent twice at once
MOST_CUSTOMERS = 25  # an actor's
STUMBLES = (requests.RequestException, psycopg.Error, URLError, OSError, LookupError)
FORM = re.compile(r'<form[^>]*method="post"[^>]*>.*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden"[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"')
CUSTOMER = """
SELECT c.api_id, c.status, r.api_id, r.status FROM customers_customer c
LEFT JOIN LATERAL (
    SELECT api_id, status FROM customers_enablementrequest WHERE customer_id = c.id ORDER BY created_at DESC LIMIT 1
) r ON true
WHERE c.id = %s
"""
CARDS = "SELECT id::text, api_id, status, approval_method FROM cards_card WHERE customer_id = %s"
ANSWERS = {
    "occupation": "Architect", "annual_salary": "25000-50000", "phone_country_code": "54", "tax_country": "ARG",
}  # fmt: skip
LIMITS = {"daily_limit": "5000", "weekly_limit": "20000", "monthly_limit": "50000", "per_transaction_limit": "900"}


@dataclass(frozen=True)
class Form:
    action: str
    source: str
    hidden: Mapping[str, str]


class Officer:
    """A person with a browser, who sends a form again until it is answered."""

    def __init__(self, stack: Stack, did: Counter[str], is_upset: Callable[[], bool]) -> None:
        self._url, self._did, self._is_upset = stack.url, did, is_upset
        self._session = requests.Session()
        self._session.trust_env = False
        self.sign_in()

    def sign_in(self) -> None:
        form = self.form("/accounts/login/", asks="password")
        self._post("/accounts/login/", {**form.hidden, "username": "officer", "password": "demo"}, {})

    def forms(self, path: str) -> list[Form]:
        answer = self._noted(self._session.get(self._url + path, timeout=30))
        answer.raise_for_status()
        return [_form(found, path) for found in FORM.findall(answer.text)]

    def form(self, path: str, *, asks: str) -> Form:
        """Return the form that asks for this on a page. Raises LookupError where there is none."""
        found = [form for form in self.forms(path) if f'name="{asks}"' in form.source]
        return found[0]

    def send(
        self, form: Form, fields: Mapping[str, str], *, files: Mapping[str, bytes] | None = None, twice: bool = False
    ) -> requests.Response:
        """Send a form, twice at once if told so, until it is answered. Raises what the last attempt met."""
        body = {**form.hidden, **fields}
        give_up_at, pause = monotonic() + PATIENCE, threading.Event()
        while True:
            try:
                if twice:
                    with ThreadPoolExecutor(2) as both:
                        answers = [both.submit(self._post, form.action, body, files or {}) for _ in range(2)]
                    return [each.result() for each in answers][-1]
                return self._post(form.action, body, files or {})
            except requests.RequestException:
                if monotonic() > give_up_at:
                    raise
                pause.wait(0.5)

    def _post(self, path: str, body: Mapping[str, str], files: Mapping[str, bytes]) -> requests.Response:
        headers = {"Referer": self._url + path}
        answer = self._noted(
            self._session.post(self._url + path, data=body, files=files or None, headers=headers, timeout=30)
        )
        if answer.status_code >= 500:
            raise requests.HTTPError(f"{path} answered {answer.status_code}")
        return answer

    def _noted(self, answer: requests.Response) -> requests.Response:
        if answer.status_code == 500:
            self._did["answered 500" if not self._is_upset() else "answered 500 while something of ours was down"] += 1
        return answer


def _form(source: str, path: str) -> Form:
    action = re.search(r' action="([^"]*)"', source)
    hidden = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(source)}
    return Form(html.unescape(action[1]) if action else path, source, hidden)


@dataclass
class Actor:
    """Takes customers of its own from the form to purchases, and decides about them at the provider."""

    name: str
    stack: Stack
    chance: random.Random
    photos: list[bytes]
    did: Counter[str]
    is_upset: Callable[[], bool]
    customers: list[str] = field(default_factory=list)
    _cents: Iterator[int] = field(default_factory=lambda: count(100))
    _forms: Iterator[int] = field(default_factory=count)
    _officer: Officer | None = None

    def act_until(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                self._officer = self._officer or Officer(self.stack, self.did, self.is_upset)
                self._act(self._officer)
            except HTTPError as refusal:
                self.did[f"refused by the sandbox's console ({refusal.code})"] += 1
            except STUMBLES as error:
                self.did[f"met {type(error).__name__}"] += 1
            stopping.wait(self.chance.uniform(0.05, 0.5))

    def _act(self, officer: Officer) -> None:
        if not self.customers or (len(self.customers) < MOST_CUSTOMERS and self.chance.random() < 0.07):
            self._register(officer)
            return
        customer = self.chance.choice(self.customers)
        api_id, status, request, stands = self.stack.rows(CUSTOMER, customer)[0]
        if api_id is None or request is None:
            return
        if self.chance.random() < 0.06:
            self._edit(officer, customer)
        elif stands in ("REQUESTED", "PENDING_DOCUMENTATION", "REJECTED"):
            self._supply(officer, customer)
        elif stands == "IN_KYC":
            self._review(request)
        elif status == "ACTIVE":
            self._use_cards(officer, customer, request)

    def _register(self, officer: Officer) -> None:
        number = f"{self.name}.{next(self._forms)}"
        form = officer.form("/customers/new/", asks="first_name")
        who = {"email": f"soak.{number}@example.com", "last_name": f"Number {self._digits()}"}
        passport = {"id_number": f"AB{self._digits()}"}
        answer = self._send(officer, "registered", form, {**MARIA, **FINANCES, **who, **passport})
        found = re.search(r"/customers/([0-9a-f-]{36})/", answer.url)
        if found and found[1] not in self.customers:
            self.customers.append(found[1])

    def _edit(self, officer: Officer, customer: str) -> None:
        path = f"/customers/{customer}/edit/"
        form = officer.form(path, asks="first_name")
        kept = {name: value for name in ("email", "last_name") if (value := _value(form.source, name))}
        street = {
            "street_line1": f"Florida {self._digits()}",
            "phone_country_code": "54",
            "phone_number": self._digits(),
        }
        self._send(officer, "edited", form, {**MARIA, **FINANCES, **kept, **street})

    def _supply(self, officer: Officer, customer: str) -> None:
        forms = officer.forms(f"/customers/{customer}/")
        submit = [form for form in forms if form.action.endswith("/submit/")]
        wanted = [form for form in forms if re.search(r"/(data|documents)/[^/]+/$", form.action)]
        if submit and (not wanted or self.chance.random() < 0.7):
            self._send(officer, "submitted", submit[0], {})
        elif wanted:
            self._answer(officer, self.chance.choice(wanted))

    def _answer(self, officer: Officer, form: Form) -> None:
        if "/data/" in form.action:
            numbers = {"phone_number": self._digits(), "tax_number": self._digits()}
            self._send(officer, "answered", form, {**ANSWERS, **numbers})
            return
        kind = "passport" if 'value="passport"' in form.source else "selfie"
        fields = {"document_type": kind, "metadata_number": f"AB{self._digits()}", "override_reason": "Seen by hand"}
        photo = self.chance.choice(self.photos)
        self._send(officer, "uploaded", form, fields, files={"front_image": photo})

    def _review(self, request: str) -> None:
        drawn = self.chance.random()
        if drawn < 0.6:
            self._tell("approved", f"requests/{request}/approve", {})
        elif drawn < 0.72:
            self._tell("rejected", f"requests/{request}/reject", {"code": "DOCUMENT_UNREADABLE", "preset": "blurry"})
        elif drawn < 0.8:
            item = {"type": "data", "key": "phone", "reason": "Nobody answers"}
            self._tell("rejected", f"requests/{request}/reject", {"code": "PHONE", "items": [item]})
        elif drawn < 0.9:
            preset = self.chance.choice(["selfie", "employment", "tax"])
            self._tell("asked for more", f"requests/{request}/more", {"preset": preset})

    def _use_cards(self, officer: Officer, customer: str, request: str) -> None:
        cards = self.stack.rows(CARDS, customer)
        drawn = self.chance.random()
        if not cards or (len(cards) < 3 and drawn < 0.1):
            self._issue(officer, customer)
        elif drawn < 0.12:
            self._tell("taken back", f"requests/{request}/reject", {"code": "DOCUMENT_UNREADABLE", "preset": "expired"})
        else:
            self._use(officer, *self.chance.choice(cards))

    def _issue(self, officer: Officer, customer: str) -> None:
        form = officer.form(f"/customers/{customer}/cards/issue/", asks="holder_name")
        method = self.chance.choice(["TOPUP", "WEBHOOK"])
        fields = {"holder_name": "Maria Barber", "approval_method": method, **LIMITS}
        self._send(officer, "issued", form, fields)

    def _use(self, officer: Officer, card: str, api_id: str, status: str, method: str) -> None:
        drawn = self.chance.random()
        if drawn < 0.2:
            step = "unfreeze" if status == "FROZEN" else "freeze"
            self._press(officer, f"told to {step}", f"/cards/{card}/", f"/cards/{card}/{step}/")
        elif drawn < 0.3:
            form = officer.form(f"/cards/{card}/limits/", asks="daily_limit")
            self._send(officer, "limited", form, {**LIMITS, "daily_limit": str(self.chance.randrange(1000, 9000))})
        elif method == "TOPUP" and drawn < 0.5:
            self._tell("deposited", f"cards/{api_id}/deposit", {"amount": "500"})
        else:
            self._buy(api_id)

    def _buy(self, card: str) -> None:
        # No two purchases of one actor cost the same, so that each can be found again.
        amount = f"{next(self._cents) / 100:.2f}"
        made = self._tell("bought", f"cards/{card}/authorize", {"amount": amount, "merchant": f"Shop {self.name}"})
        if made["outcome"] != "authorized":
            return
        purchase, drawn = {"authorization_id": made["authorization_id"]}, self.chance.random()
        if drawn < 0.2:
            self._tell("reversed", f"cards/{card}/reverse", purchase)
        elif drawn < 0.7:
            self._tell("cleared", f"cards/{card}/clear", purchase)
            if drawn < 0.35:
                self._tell("refunded", f"cards/{card}/refund", purchase)

    def _press(self, officer: Officer, what: str, page: str, action: str) -> None:
        form = next((form for form in officer.forms(page) if form.action == action), None)
        if form:
            self._send(officer, what, form, {})

    def _send(
        self, officer: Officer, what: str, form: Form, fields: Mapping[str, str], **more: Any
    ) -> requests.Response:
        answer = officer.send(form, fields, twice=self.chance.random() < TWICE, **more)
        if "/accounts/login/" in answer.url:
            officer.sign_in()
        self.did[what if answer.ok else f"{what}: {_refusal(answer)}"] += 1
        return answer

    def _tell(self, what: str, path: str, body: Mapping[str, Any]) -> Any:
        said = self.stack.console("POST", path, body)
        self.did[what] += 1
        return said

    def _digits(self) -> str:
        return str(self.chance.randrange(10_000_000, 99_999_999))


def _refusal(answer: requests.Response) -> str:
    found = re.search(r'class="field-error".*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return f"{answer.status_code} {html.unescape(found[1])[:60] if found else ''}".strip()


def _value(source: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', source)
    return html.unescape(found[1] or found[2] or "") if found else ""
