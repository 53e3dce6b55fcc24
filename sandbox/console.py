"""What the console can do: decide reviews, bend the rules, break things, look after deliveries."""

import re
import time
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

from sandbox import deliveries as webhooks
from sandbox import faults as trouble
from sandbox import models, presets, records, reviews, switches
from sandbox.api.clients import save_client
from sandbox.controls import Values, control, objects
from sandbox.dispatcher import dispatcher
from sandbox.errors import InputError, StepError
from sandbox.limits import limiter
from sandbox.states import delivery_state, fault_state
from sandbox.traffic import traffic

LONGEST_WAIT_SECONDS = 60
CLIENT_DATA = (
    "first_name", "second_name", "last_name", "email", "birth_date", "phone_country_code", "phone_number",
    *records.ADDRESS_KEYS,
)  # fmt: skip
ITEM_PREFIX = "reason:"
FORM_FIELDS = ("csrfmiddlewaretoken", "section", "verb")
EVERYTHING = (
    models.Movement,
    models.Challenge,
    models.Purchase,
    models.Card,
    models.UploadedDocument,
    models.EnablementRequest,
    models.Client,
    models.Delivery,
    models.IdempotentAnswer,
    models.Fault,
    models.ExtraRequirement,
    models.Switch,
    models.Company,
)


def refuse_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponseForbidden("This form is out of date. Open the console again and repeat what you did.")


def _approve(values: Values, request_id: str) -> Any:
    return _decided(reviews.approve(request_id))


def _reject(values: Values, request_id: str) -> Any:
    like = presets.refusal(str(values.get("preset") or ""))
    code = str(values.get("code") or "REJECTED_BY_PROVIDER")
    description = str(like.get("description") or values.get("description") or "The documents were not accepted")
    items = _items(values) or _items_like(like, request_id)
    return _decided(reviews.reject(request_id, code=code, description=description, items=items))


def _items_like(like: Values, request_id: str) -> list[dict[str, str]]:
    """Return the named refusal's reason about the newest document, where it has one."""
    document = models.UploadedDocument.objects.filter(request=request_id).last()
    if document is None or "reason" not in like:
        return []
    return [{"type": "document", "key": document.document_type, "reason": like["reason"]}]


def _withdraw(values: Values, request_id: str) -> Any:
    return _decided(reviews.withdraw(request_id, str(values.get("requirement") or "")))


def _items(values: Values) -> list[dict[str, str]]:
    """Read the rejected items: a list in JSON, in a form one reason field for each thing."""
    items = objects(values, "items")
    for name, reason in values.items():
        if name.startswith(ITEM_PREFIX) and reason:
            kind, _, key = name.removeprefix(ITEM_PREFIX).partition(":")
            items.append({"type": kind, "key": key, "reason": reason})
    if not all(item.get("type") in ("document", "data") and item.get("key") and item.get("reason") for item in items):
        raise InputError("Each item has a type, document or data, a key and a reason")
    return [{name: str(item[name]) for name in ("type", "key", "reason")} for item in items]


def _more(values: Values, request_id: str) -> Any:
    data, documents = _requirements(values)
    return _decided(reviews.ask_for_more(request_id, data=data, documents=documents))


def _requirements(values: Values) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    preset = str(values.get("preset") or "")
    data = objects(values, "data") + presets.of(preset, "data")
    documents = objects(values, "documents") + presets.of(preset, "documents")
    if not data and not documents:
        raise InputError("Name at least one requirement")
    if not all(isinstance(item.get("id"), str) for item in data + documents):
        raise InputError("Each requirement has an id")
    return data, documents


def _decided(request: models.EnablementRequest) -> dict[str, str]:
    return {"id": request.id, "status": request.status, "client_status": request.client.status}


def _client_status(values: Values, client_id: str) -> dict[str, str]:
    client = reviews.force_client_status(client_id, _word(values, longest=20))
    return {"id": client.id, "status": client.status}


def _change_client(values: Values, client_id: str) -> dict[str, Any]:
    """Change what is held about a client, as somebody does in the provider's own portal: no webhook tells."""
    client = models.Client.objects.get(id=client_id)
    changed = {name: value for name, value in values.items() if name in CLIENT_DATA}
    if not changed or not all(isinstance(value, str | int | None) for value in changed.values()):
        raise InputError(f"Name at least one of {', '.join(CLIENT_DATA)}")
    for name, value in changed.items():
        if name in records.ADDRESS_KEYS:
            client.address = {**client.address, name: value}
        else:
            setattr(client, name, value)
    filled = {name for name, value in changed.items() if value not in (None, "")}
    client.clean_fields(exclude={each.name for each in client._meta.fields} - filled)
    save_client(client)
    return records.client_record(client)


def _remove_client(values: Values, client_id: str) -> dict[str, str]:
    models.Client.objects.get(id=client_id).delete()
    return {"id": client_id}


def _open_request(values: Values, client_id: str) -> dict[str, str]:
    client = models.Client.objects.get(id=client_id)
    if client.requests.filter(status__in=[*models.OPEN_STATUSES, "enabled"]).exists():
        raise StepError("This client has an open or enabled request already.")
    with transaction.atomic():
        return _decided(reviews.open_request(client))


def _request_status(values: Values, request_id: str) -> dict[str, str]:
    request = models.EnablementRequest.objects.select_related("client").get(id=request_id)
    request.status = _word(values, longest=30)
    request.save(update_fields=["status"])
    return _decided(request)


def _word(values: Values, *, longest: int) -> str:
    status = values.get("status")
    if not isinstance(status, str) or not re.fullmatch(rf"\w{{1,{longest}}}", status):
        raise InputError(f"status is a word of at most {longest} letters")
    return status


def _settings(values: Values) -> dict[str, Any]:
    return switches.current()


def _change_settings(values: Values) -> dict[str, Any]:
    switches.change({name: value for name, value in values.items() if name not in FORM_FIELDS})
    webhooks.wake.set()
    return switches.current()


def _add_fault(values: Values) -> dict[str, Any]:
    return fault_state(trouble.add(values))


def _list_faults(values: Values) -> list[dict[str, Any]]:
    return [fault_state(fault) for fault in models.Fault.objects.all()]


def _clear_faults(values: Values) -> dict[str, int]:
    return {"cleared": models.Fault.objects.all().delete()[0]}


@transaction.atomic
def _add_requirements(values: Values) -> dict[str, Any]:
    data, documents = _requirements(values)
    for kind, bodies in (("data", data), ("document", documents)):
        for body in bodies:
            models.ExtraRequirement.objects.create(kind=kind, body=body)
    return _list_requirements(values)


def _list_requirements(values: Values) -> dict[str, Any]:
    found = list(models.ExtraRequirement.objects.values_list("kind", "body"))
    return {
        "data": [body for kind, body in found if kind == "data"],
        "documents": [body for kind, body in found if kind == "document"],
    }


def _clear_requirements(values: Values) -> dict[str, int]:
    return {"cleared": models.ExtraRequirement.objects.all().delete()[0]}


def _list_deliveries(values: Values) -> list[dict[str, Any]]:
    return [delivery_state(delivery) for delivery in models.Delivery.objects.all()]


def _redeliver(values: Values, delivery_id: int) -> dict[str, Any]:
    delivery = models.Delivery.objects.get(id=delivery_id)
    webhooks.redeliver(delivery)
    return delivery_state(delivery)


def _wait_idle(values: Values) -> dict[str, Any]:
    """Wait until every webhook has arrived or was given up, or the time is over."""
    try:
        seconds = min(float(values.get("seconds") or 10), LONGEST_WAIT_SECONDS)
    except (TypeError, ValueError):
        raise InputError("seconds is a number") from None
    deadline = time.monotonic() + seconds
    while (pending := dispatcher.pending()) and time.monotonic() < deadline:
        trouble.stopping.wait(0.02)
    return {"idle": pending == 0, "pending": pending}


def _reset(values: Values) -> dict[str, bool]:
    with transaction.atomic():
        for model in EVERYTHING:
            model.objects.all().delete()
    switches.forget()
    limiter.clear()
    traffic.clear()
    return {"reset": True}


approve = control("Approved.", POST=_approve)
reject = control("Rejected.", POST=_reject)
more = control("The request waits for more.", POST=_more)
withdraw = control("It is not asked for any more.", POST=_withdraw)
client_status = control("The status is forced.", POST=_client_status)
change_client = control("The client is changed.", POST=_change_client)
remove_client = control("The client is gone.", POST=_remove_client)
open_request = control("A request is open.", POST=_open_request)
request_status = control("The status is forced.", POST=_request_status)
settings = control("Settings saved.", GET=_settings, POST=_change_settings)
faults = control("Faults changed.", GET=_list_faults, POST=_add_fault, DELETE=_clear_faults)
requirements = control(
    "Requirements changed.", GET=_list_requirements, POST=_add_requirements, DELETE=_clear_requirements
)
deliveries = control("", GET=_list_deliveries)
redeliver = control("Sent again.", POST=_redeliver)
wait_idle = control("Nothing is due.", POST=_wait_idle)
reset = control("Everything is empty.", POST=_reset)
