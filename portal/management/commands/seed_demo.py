"""Fills the demo with customers in every status, by the road a person takes: actions, worker, sandbox console."""

import json
import time
import unicodedata
import urllib.request
import zlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cards.actions import issue_card
from cards.models import Card
from cards.statuses import ApprovalMethod
from customers.actions import (
    Upload,
    refresh_customer,
    register_customer,
    submit_request,
    update_customer,
    upload_document,
)
from customers.checklists import checklist_of
from customers.images import clean_image
from customers.models import Customer
from customers.statuses import RequestStatus
from portal.models import Heartbeat
from portal.specimens import specimen
from provider.models import IdentificationType

DONE = "sample customers"  # the heartbeat that says they are all there
PATIENCE = 60  # seconds for the worker to carry out one step for everybody

FINANCES = {
    "individual_cards": True, "gender": "OTHER", "occupation": "Architect",
    "annual_salary": "25000-50000", "account_purpose": "online_purchases", "expected_monthly_volume": "500-2000",
}  # fmt: skip
ARGENTINA = {
    "street_line1": "Av. Corrientes 1234", "city": "Buenos Aires", "postal_code": "1043", "state": "ARG-C",
    "country": "ARG",
}  # fmt: skip
UNITED_STATES = {
    "street_line1": "410 Brickell Ave", "city": "Miami", "postal_code": "33131", "state": "FL", "country": "USA",
}  # fmt: skip
LIMITS = {
    "daily_limit": Decimal(200), "weekly_limit": Decimal(800), "monthly_limit": Decimal(2000),
    "per_transaction_limit": Decimal(150),
}  # fmt: skip
BORN = date(1988, 5, 4)
REFUSAL = {
    "code": "DOCUMENT_UNREADABLE",
    "description": "We could not read the passport.",
    "items": [{"type": "document", "key": "passport", "reason": "The image is blurry. Send a sharper photo."}],
}

# How far each sample customer has come: registered only, asked for cards, document sent, in review, active, refused.
PEOPLE: list[tuple[str, str, str, dict[str, str]]] = [
    ("Diego", "Romero", "registered", ARGENTINA),
    ("Lucía", "Fernández", "asked", ARGENTINA),
    ("James", "Whitfield", "uploaded", UNITED_STATES),
    ("Carmen", "Ibarra", "in review", ARGENTINA),
    ("Noah", "Bennett", "active", UNITED_STATES),
    ("Valentina", "Suárez", "active with card", ARGENTINA),
    ("Tomás", "Aguirre", "refused", ARGENTINA),
]
STAGES = ["registered", "asked", "uploaded", "in review", "refused", "active", "active with card"]


class Command(BaseCommand):
    help = "Fill the demo with customers in every status. Needs the running sandbox, worker and web server."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CRYPTOMATE_IS_SANDBOX:
            raise CommandError("Sample customers belong in the sandbox only.")
        call_command("prepare_demo", stdout=self.stdout)
        if Heartbeat.objects.filter(name=DONE).exists():
            return
        self.stdout.write("Filling in sample customers: once, for about ten seconds.")
        self.officer = User.objects.get(username="officer")
        people = [(self._register(*person), person[2]) for person in PEOPLE]
        self._settle("registering")
        self._supply([customer for customer, stage in people if STAGES.index(stage) >= STAGES.index("uploaded")])
        self._submit([customer for customer, stage in people if STAGES.index(stage) >= STAGES.index("in review")])
        for customer, stage in people:
            self._decide(customer, stage)
        self._issue([customer for customer, stage in people if stage == "active with card"])
        Heartbeat.beat(DONE, at=timezone.now())

    def _register(self, first_name: str, last_name: str, stage: str, address: dict[str, str]) -> Customer:
        email = f"{_plain(first_name)}.{_plain(last_name)}@example.com"
        before = Customer.objects.filter(email=email).first()
        if before:  # an earlier start was stopped half-way
            return before
        data: dict[str, Any] = {
            "first_name": first_name, "last_name": last_name, "birth_date": BORN, "email": email, **address,
        }  # fmt: skip
        if stage != "registered":
            kinds = IdentificationType.objects.filter(country=address["country"])
            data |= {
                **FINANCES,
                "id_type": kinds.values_list("type", flat=True)[0],
                "id_number": f"AR{zlib.crc32(last_name.encode()):010}",
            }
        return register_customer(data=data, by=self.officer)

    def _supply(self, customers: list[Customer]) -> None:
        for number, customer in enumerate(customers):
            if not _waits_for_documents(customer) or _is_complete(customer):
                continue
            update_customer(
                customer=customer, data={"phone_country_code": 54, "phone_number": 1168860000 + number}, by=self.officer
            )
            photo = specimen(title="PASSPORT", name=customer.full_name, number=f"UT{number:06}", birth=BORN)
            upload = Upload(
                document_type="passport",
                metadata={"number": f"UT{number:06}"},
                front=clean_image(SimpleUploadedFile("passport.jpg", photo)),
                back=None,
            )
            upload_document(customer=customer, requirement_id="identity_document", upload=upload, by=self.officer)
        self._settle("uploading documents")

    def _submit(self, customers: list[Customer]) -> None:
        for customer in customers:
            if not _waits_for_documents(customer):
                continue
            self._wait(partial(_is_complete, customer), f"the provider to accept the data of {customer}")
            submit_request(customer=customer, by=self.officer)
        self._settle("submitting")

    def _decide(self, customer: Customer, stage: str) -> None:
        if stage not in ("active", "active with card", "refused"):
            return
        request = customer.newest_request
        assert request is not None  # noqa: S101 - it was submitted
        if not request.is_open:
            return
        if stage == "refused":
            self._console(f"requests/{request.api_id}/reject", REFUSAL)
        else:
            self._console(f"requests/{request.api_id}/approve", {})
        wanted = RequestStatus.REJECTED if stage == "refused" else RequestStatus.ENABLED
        refresh_customer(customer=customer, by=self.officer)
        self._wait(lambda: _status_of_newest_request(customer) == wanted, f"the verdict on {customer}")

    def _issue(self, customers: list[Customer]) -> None:
        for customer in customers:
            if customer.cards.exists():
                continue
            issue_card(
                customer=customer, holder_name="Valentina Suarez", approval_method=ApprovalMethod.TOPUP, limits=LIMITS,
                by=self.officer,
            )  # fmt: skip
            self._wait(Card.objects.filter(customer=customer).exists, f"the card of {customer}")
            card = Card.objects.get(customer=customer)
            self._console(f"cards/{card.api_id}/deposit", {"amount": "500"})
            self._buy(card)

    def _buy(self, card: Card) -> None:
        for amount, merchant, mcc in (("42.50", "Acme Coffee", "5814"), ("18.20", "City Books", "5942")):
            self._console(f"cards/{card.api_id}/authorize", {"amount": amount, "merchant": merchant, "mcc": mcc})
            self._console(f"cards/{card.api_id}/clear", {})
        self._console(f"cards/{card.api_id}/authorize", {"amount": "950.00", "merchant": "Sky Travel", "mcc": "4722"})

    def _settle(self, what: str) -> None:
        self._wait(lambda: not any(customer.open_calls().exists() for customer in Customer.objects.all()), what)

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > give_up_at:
                raise CommandError(f"Waited {PATIENCE} s for {what}. Is the worker running?")
            time.sleep(0.1)

    def _console(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - the sandbox, whose address is ours
            f"{settings.CRYPTOMATE_API_URL}/console/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15):  # noqa: S310
            pass


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def _is_complete(customer: Customer) -> bool:
    request = customer.newest_request
    return request is not None and checklist_of(request).left == 0


def _waits_for_documents(customer: Customer) -> bool:
    return _status_of_newest_request(customer) == RequestStatus.PENDING_DOCUMENTATION


def _status_of_newest_request(customer: Customer) -> str:
    request = customer.newest_request
    return request.status if request else ""
