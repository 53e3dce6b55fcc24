"""One path, its verbs, one transaction per call, and the memory behind Idempotency-Key."""

from collections.abc import Callable
from hashlib import sha256

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from sandbox import switches
from sandbox.errors import ApiError, conflict
from sandbox.models import IdempotentAnswer

View = Callable[..., HttpResponse]


def endpoint(*, in_transaction: bool = True, **views: View) -> View:
    """Route the verbs of a path to their views. A view that calls out over HTTP must not hold a transaction."""

    def dispatch(request: HttpRequest, **kwargs: str) -> HttpResponse:
        view = views.get(request.method or "")
        if view is None:
            raise ApiError(405, "APP_ERROR", f"Request method '{request.method}' is not supported")
        if not in_transaction:
            return view(request, **kwargs)
        with transaction.atomic():
            return _perform(view, request, kwargs)

    return dispatch


def _perform(view: View, request: HttpRequest, kwargs: dict[str, str]) -> HttpResponse:
    key = request.headers.get("Idempotency-Key", "")[:200]
    if not key or request.method == "GET" or not switches.value_of("idempotency"):
        return view(request, **kwargs)
    return _perform_once(key, view, request, kwargs)


def _perform_once(key: str, view: View, request: HttpRequest, kwargs: dict[str, str]) -> HttpResponse:
    digest = sha256(request.body).hexdigest()
    # Whoever comes second waits here for the first one's transaction. A refusal rolls the key back with all else.
    known, is_first = IdempotentAnswer.objects.get_or_create(
        key=key, method=request.method, path=request.path, defaults={"body_sha256": digest}
    )
    if not is_first:
        return _repeat(known, digest)
    answer = view(request, **kwargs)
    known.answer_status, known.answer_body = answer.status_code, answer.content.decode()
    known.save(update_fields=["answer_status", "answer_body"])
    return answer


def _repeat(known: IdempotentAnswer, digest: str) -> HttpResponse:
    if known.body_sha256 != digest:
        raise conflict("Idempotency-Key was already used for another request")
    return HttpResponse(known.answer_body, status=known.answer_status, content_type="application/json")
