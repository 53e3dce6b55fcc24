"""The console's page and what it shows, as HTML and as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sandbox import faults, requirements, switches
from sandbox.errors import respond
from sandbox.models import Card, Client, Company, Delivery, EnablementRequest, ExtraRequirement, Fault
from sandbox.presets import PRESETS, REFUSALS
from sandbox.states import card_state, client_state
from sandbox.traffic import traffic

STYLE = Path(__file__).resolve().parent / "static" / "console.css"
CONTENT_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SHOWN = 50


def _clients() -> QuerySet[Client]:
    requests = EnablementRequest.objects.select_related("client").prefetch_related("documents")
    return Client.objects.order_by("-created_at").prefetch_related("cards", Prefetch("requests", requests))


def _cards() -> QuerySet[Card]:
    return Card.objects.order_by("-created_at").prefetch_related("purchases", "challenges")


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    return respond({"status": "UP"})


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    return respond(
        {
            "clients": [client_state(client) for client in _clients()],
            "cards": [card_state(card) for card in _cards()],
            "calls": traffic.calls,
            "rate_limited": traffic.rate_limited,
        }
    )


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    return respond([{**asdict(call), "at": call.at.isoformat()} for call in traffic.recent()])


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    return respond({"calls": traffic.calls, "rate_limited": traffic.rate_limited})


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    return HttpResponse(STYLE.read_text(encoding="utf-8"), content_type="text/css")


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = TemplateResponse(request, "sandbox/index.html", _context())
    page["Content-Security-Policy"] = CONTENT_POLICY
    page["Referrer-Policy"] = "same-origin"
    return page


def _context() -> dict[str, Any]:
    current = switches.current()
    return {
        "clients": [_client_card(client) for client in _clients()[:SHOWN]],
        "clients_in_all": Client.objects.count(),
        "cards": _cards()[:SHOWN],
        "cards_in_all": Card.objects.count(),
        "company": Company.get(),
        "deliveries": Delivery.objects.all()[:SHOWN],
        "settings": [
            {
                "name": name,
                "value": current[name],
                "definition": definition,
                "is_flag": definition.default in (True, False),
            }
            for name, definition in switches.DEFINITIONS.items()
        ],
        "faults": Fault.objects.all(),
        "fault_kinds": faults.KINDS,
        "fault_methods": faults.METHODS,
        "extra_requirements": ExtraRequirement.objects.all(),
        "presets": PRESETS,
        "refusals": REFUSALS,
        "calls": traffic.recent()[:SHOWN],
        "traffic": traffic,
    }


def _client_card(client: Client) -> dict[str, Any]:
    requests = [
        {
            "request": request,
            "missing": requirements.missing(request),
            "asked": [item for item in [*request.asked_data, *request.asked_documents] if not item.get("withdrawn")],
            "data_keys": _data_keys(request),
        }
        for request in client.requests.all()
    ]
    return {"client": client, "requests": requests}


def _data_keys(request: EnablementRequest) -> list[str]:
    return [field["key"] for group in request.asked_data for field in group.get("fields", [])]
