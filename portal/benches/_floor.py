"""The floor: a bare Django view that says to PostgreSQL what the portal says for an authorization, and no more.

It learns the statements from the portal's own code when it starts, and puts each request's card and operation in.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from portal.benches._capture import Step, capture
from portal.benches._deliveries import authorization
from portal.benches._load import Request
from portal.benches._population import card_api_id, card_key, customer_key

LEARNT_FROM = 0  # the card's number

Fill = Callable[[str, int], Any]


def decide(request: HttpRequest) -> HttpResponse:
    asked = json.loads(request.body)
    mark, number = asked["operation_id"], int(asked["data"]["card_id"].rpartition("_")[2])
    for step, fills in STEPS:
        _say(step, [fill(mark, number) for fill in fills])
    answer = b'{"response_code": "00"}'
    return HttpResponse(answer, content_type="application/json", headers={"Content-Length": str(len(answer))})


def _say(step: Step, params: list[Any]) -> None:
    if step.ends:
        transaction.commit(using=step.alias)
        transaction.set_autocommit(True, using=step.alias)
        return
    if step.begins:
        transaction.set_autocommit(False, using=step.alias)
    with connections[step.alias].cursor() as cursor:
        cursor.execute(step.sql, params or None)
        if cursor.description:
            cursor.fetchall()


def _learn() -> list[tuple[Step, list[Fill]]]:
    request, steps = capture(authorization, LEARNT_FROM)
    return [(step, list(_fills(step, request))) for step in steps]


def _fills(step: Step, request: Request) -> Iterator[Fill]:
    for value in step.params or ():
        yield _fill(value, request.mark)


def _fill(value: Any, mark: str) -> Fill:
    """Return what stands in a parameter's place for another request: its own where the value was the request's."""
    known: dict[Any, Fill] = {
        card_api_id(LEARNT_FROM): lambda _mark, number: card_api_id(number),
        card_key(LEARNT_FROM): lambda _mark, number: card_key(number),
        customer_key(LEARNT_FROM): lambda _mark, number: customer_key(number),
    }
    if isinstance(value, str | UUID) and value in known:
        return known[value]
    if isinstance(value, UUID):
        return lambda _mark, _number: uuid4()
    if isinstance(value, datetime):
        apart = value - timezone.now()
        return lambda _mark, _number: timezone.now() + apart
    if isinstance(value, str):
        return _fill_text(value, mark)
    return lambda _mark, _number: value


def _fill_text(value: str, mark: str) -> Fill:
    if mark in value:
        return lambda other, _number: value.replace(mark, other)
    if len(value) == 64 and set(value) <= set("0123456789abcdef"):
        return lambda _mark, _number: secrets.token_hex(32)  # a digest, which is different for each delivery
    return lambda _mark, _number: value


STEPS = _learn()
urlpatterns = [path("webhooks/cryptomate/", decide)]
settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
application = get_wsgi_application()
