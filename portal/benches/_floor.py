"""The floor: a bare Django view that says to PostgreSQL what the portal says for an authorization, and no more.

It learns the statements from the portal's own code when it starts, and puts each request's card and operation in.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from portal.benches._capture import Step, capture
from portal.benches._deliveries import DECISION_PATH, PATH, authorization
from portal.benches._population import card_api_id, card_key, customer_key

LEARNT_FROM = 0  # the card's number

Fill = Callable[[str, int], Any]


def decide_and_write_the_rest(request: HttpRequest) -> HttpResponse:
    return _answer(request, [*DECISION, *REST])


def decide(request: HttpRequest) -> HttpResponse:
    return _answer(request, DECISION)


def _answer(request: HttpRequest, steps: Sequence[tuple[Step, Fill]]) -> HttpResponse:
    asked = json.loads(request.body)
    mark, number = asked["operation_id"], int(asked["data"]["card_id"].rpartition("_")[2])
    for step, fill in steps:
        _say(step, fill(mark, number))
    answer = b'{"response_code": "00"}'
    return HttpResponse(answer, content_type="application/json", headers={"Content-Length": str(len(answer))})


def _say(step: Step, params: Any) -> None:
    if step.ends:
        transaction.commit(using=step.alias)
        transaction.set_autocommit(True, using=step.alias)
        return
    if step.begins:
        transaction.set_autocommit(False, using=step.alias)
    with connections[step.alias].cursor() as cursor:
        cursor.execute(step.sql, params)
        if cursor.description:
            cursor.fetchall()


def _fills(steps: Sequence[Step], mark: str) -> list[tuple[Step, Fill]]:
    return [(step, _fill(step.params, mark)) for step in steps]


def _fill(value: Any, mark: str) -> Fill:
    """Return what stands in a parameter's place for another request: its own where the value was the request's."""
    if isinstance(value, Mapping):
        parts = {name: _fill(each, mark) for name, each in value.items()}
        return lambda other, number: {name: part(other, number) for name, part in parts.items()}
    if isinstance(value, list | tuple):
        items = [_fill(each, mark) for each in value]
        return lambda other, number: [item(other, number) for item in items]
    if isinstance(value, datetime):
        apart = value - timezone.now()
        return lambda _other, _number: timezone.now() + apart
    if isinstance(value, str | UUID):
        return _fill_name(value, mark)
    return lambda _other, _number: value


def _fill_name(value: str | UUID, mark: str) -> Fill:
    names: dict[str | UUID, Callable[[int], Any]] = {
        card_api_id(LEARNT_FROM): card_api_id,
        card_key(LEARNT_FROM): card_key,
        customer_key(LEARNT_FROM): customer_key,
    }
    if name := names.get(value):
        return lambda _other, number: name(number)
    # What was drawn or digested for the request is another one for each, and the same wherever it stands in it.
    if isinstance(value, UUID):
        return lambda other, _number: UUID(bytes=_other_one(value, other)[:16], version=4)
    if len(value) == 64 and set(value) <= set("0123456789abcdef"):
        return lambda other, _number: _other_one(value, other).hex()
    return lambda other, _number: value.replace(mark, other)


def _other_one(value: str | UUID, mark: str) -> bytes:
    return blake2b(f"{value} {mark}".encode(), digest_size=32).digest()


heard = capture(authorization, LEARNT_FROM)
DECISION, REST = _fills(heard.before, heard.request.mark), _fills(heard.after, heard.request.mark)
urlpatterns = [path(PATH.lstrip("/"), decide_and_write_the_rest), path(DECISION_PATH.lstrip("/"), decide)]
settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
application = get_wsgi_application()
