"""Compares the portal with the sandbox, row by row: clients, requests, documents, cards, purchases, each once.

A program, so that it works in the database its environment names. It prints what it counted and where they differ.
"""

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from time import sleep
from typing import Any

from django.conf import settings

from cards.models import LIMITS, Card, Transaction
from customers.models import PRODUCT, Customer, Document, EnablementRequest
from customers.statuses import DocumentStatus
from portal.benches._processes import ROOT
from provider.models import CallKind, CallState, ProviderCall

BETWEEN = 0.1  # seconds between two calls of the API, which takes 15 in a second
NAMES = ("first_name", "last_name", "second_name", "email", "phone_country_code", "phone_number")
ADDRESS = ("street_line1", "street_line2", "city", "postal_code", "state", "country")
TOTALS = {"cleared": "cleared_total", "reversed": "reversed_total", "refunded": "refunded_total"}

Rows = Mapping[str, Any]


def compare(env: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Return how much was compared, and each difference in a sentence."""
    command = [sys.executable, "-m", __name__]
    said = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    found = json.loads(said.stdout)
    return found["compared"], found["differences"]


def main() -> None:
    state = _get("/console/state")
    clients = {each["id"]: each for each in _get("/management/clients/individuals")}
    cards = {each["id"]: each for each in _cards()}
    requests = {each["id"]: {**each, "client": client} for client in state["clients"] for each in client["requests"]}
    purchases = [(card["id"], each) for card in state["cards"] for each in card["purchases"]]
    differences = [
        *_clients(clients),
        *_requests(requests),
        *_documents(requests),
        *_cards_differ(cards),
        *_purchases(purchases),
        *_calls(len(clients), len(cards)),
    ]
    compared = {
        "clients": len(clients), "requests": len(requests), "cards": len(cards), "purchases": len(purchases),
        "documents": sum(len(each["documents"]) for each in requests.values()),
    }  # fmt: skip
    json.dump({"compared": compared, "differences": differences}, sys.stdout)


def _get(path: str) -> Any:
    sleep(BETWEEN)
    headers = {"x-api-key": settings.CRYPTOMATE_API_KEY}
    request = urllib.request.Request(settings.CRYPTOMATE_API_URL + path, headers=headers)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own process
        return json.load(answer, parse_float=Decimal)


def _cards() -> Iterator[Rows]:
    page, last = 0, False
    while not last:
        found = _get(f"/cards/individual-cards/list/search?page={page}&size=50")
        yield from found["content"]
        page, last = page + 1, len(found["content"]) < 50


def _clients(theirs: Mapping[str, Rows]) -> Iterator[str]:
    yield from (f"{each.email} was never registered" for each in Customer.objects.filter(api_id=None))
    ours = {str(each.api_id): each for each in Customer.objects.exclude(api_id=None)}
    yield from _both_have("client", ours, theirs)
    emails = Counter(each.email for each in ours.values())
    yield from (f"{email} is {times} customers here" for email, times in emails.items() if times > 1)
    for key in ours.keys() & theirs.keys():
        customer, held = ours[key], theirs[key]
        pairs = [(name, getattr(customer, name), held[name]) for name in NAMES]
        pairs += [(name, getattr(customer, name), held["address"].get(name)) for name in ADDRESS]
        pairs += [("birth_date", customer.birth_date.isoformat(), held["birth_date"])]
        pairs += [
            ("status", customer.remote_status, held["status"]),
            ("status here", customer.status.lower(), _end(customer)),
        ]
        pairs += [(name, value, held.get(name)) for name, value in customer.answers.items()]
        yield from _differing(f"client {customer.email}", pairs)


def _end(customer: Customer) -> str:
    """Return what the customer's status must be, by the provider's client and the newest request."""
    request = customer.newest_request
    if request is None or customer.remote_status == request.remote_status == "rejected":
        return customer.status.lower()
    ends = {("active", "ENABLED"): "active", ("rejected", "REJECTED"): "rejected"}
    # A refused customer stays so while a new request is prepared.
    is_prepared = request.status in ("REQUESTED", "PENDING_DOCUMENTATION") and customer.status == "REJECTED"
    return "rejected" if is_prepared else ends.get((customer.remote_status, request.status), "pending")


def _requests(theirs: Mapping[str, Rows]) -> Iterator[str]:
    ours = {each.api_id: each for each in EnablementRequest.objects.filter(product=PRODUCT)}
    yield from _both_have("request", ours, theirs)
    for key in ours.keys() & theirs.keys():
        request, held = ours[key], theirs[key]
        missing = {kind: request.missing_requirements.get(kind) or [] for kind in ("documents", "data")}
        pairs: list[tuple[str, Any, Any]] = [
            ("status", request.status.lower(), held["status"]),
            ("client", request.customer.api_id, held["client"]["id"]),
            ("rejection code", request.rejection_code, held["rejection_code"] or ""),
        ]
        if request == request.customer.newest_request:
            pairs += [("missing requirements", _ids(missing), _ids(held["missing_requirements"]))]
        yield from _differing(f"request {key}", pairs)


def _ids(missing: Rows) -> list[str]:
    return sorted(each["id"] for kind in ("documents", "data") for each in missing[kind])


def _documents(requests: Mapping[str, Rows]) -> Iterator[str]:
    """What the provider holds is what was sent, once; what it took of us is held there."""
    sent = Document.objects.exclude(uploaded_at=None).select_related("request", "customer")
    known = {(each.customer.api_id, each.document_type, each.front_sha256) for each in sent}
    held: Counter[tuple[str, str, str]] = Counter()
    for key, request in requests.items():
        for document in request["documents"]:
            image = document["front"]["sha256"]
            held[key, document["document_type"], image] += 1
            if (request["client"]["id"], document["document_type"], image) not in known:
                yield f"request {key} holds a {document['document_type']} that nobody here sent"
    yield from (f"request {key[0]} holds a {key[1]} {times} times" for key, times in held.items() if times > 1)
    for document in sent.filter(status=DocumentStatus.UPLOADED):
        if (document.request.api_id, document.document_type, document.front_sha256) not in held:
            yield f"the {document.document_type} of {document.customer.email} is not held by {document.request.api_id}"


def _cards_differ(theirs: Mapping[str, Rows]) -> Iterator[str]:
    ours = {each.api_id: each for each in Card.objects.select_related("customer")}
    yield from _both_have("card", ours, theirs)
    for key in ours.keys() & theirs.keys():
        card, held = ours[key], theirs[key]
        pairs = [(name, getattr(card, name), None if held[name] is None else Decimal(held[name])) for name in LIMITS]
        pairs += [
            ("status", card.status, held["status"]), ("last4", card.last4, held["last4"]),
            ("client", card.customer.api_id, held["client_id"]),
            ("holder", card.holder_name, held["card_holder_name"].upper()),
            ("approval method", card.approval_method, held["approval_method"]),
        ]  # fmt: skip
        yield from _differing(f"card {key}", pairs)


def _purchases(theirs: Iterable[tuple[str, Rows]]) -> Iterator[str]:
    """Each purchase stands here once, with the same totals: within a card no two cost the same."""
    ours: dict[tuple[str, Decimal], list[Transaction]] = {}
    for each in Transaction.objects.select_related("card"):
        ours.setdefault((each.card.api_id, each.bill_amount), []).append(each)
    for card, held in theirs:
        amount = Decimal(held["bill_amount"])
        found = ours.pop((card, amount), [])
        if len(found) != 1:
            yield f"the purchase of {amount} on {card} stands here {len(found)} times"
            continue
        pairs = [(name, getattr(found[0], total), Decimal(held[name])) for name, total in TOTALS.items()]
        pairs += [("declined", found[0].state == "DECLINED", held["outcome"] == "declined")]
        yield from _differing(f"the purchase of {amount} on {card}", pairs)
    yield from (f"a purchase of {amount} on {card} is unknown to the provider" for card, amount in ours)


def _calls(clients: int, cards: int) -> Iterator[str]:
    """Every effect that was wanted has an end, and as many of them were had as there are things."""
    for call in ProviderCall.objects.open():
        yield f"{call.kind} is open: {call.state}, {call.attempts} attempts, {call.error_code} {call.message}"
    done = ProviderCall.objects.filter(state=CallState.DONE)
    for kind, there in ((CallKind.REGISTER_CLIENT, clients), (CallKind.ISSUE_CARD, cards)):
        wanted = done.filter(kind=kind).count()
        if wanted != there:
            yield f"{kind}: done {wanted} times here, {there} there"


def _both_have(what: str, ours: Iterable[str], theirs: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {key} is here alone" for key in set(ours) - set(theirs))
    yield from (f"{what} {key} is there alone" for key in set(theirs) - set(ours))


def _differing(what: str, pairs: Iterable[tuple[str, Any, Any]]) -> Iterator[str]:
    for name, here, there in pairs:
        if (here or None) != (there or None):
            yield f"{what}: {name} is {here} here, {there} there"


if __name__ == "__main__":
    main()
