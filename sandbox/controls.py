"""One door for the console's buttons and for scripts: a form is sent back to the page, JSON gets JSON."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sandbox.errors import InputError, StepError, respond

Values = Mapping[str, Any]
Work = Callable[..., Any]


REFUSALS: dict[type[Exception], int] = {
    InputError: 400,
    ValidationError: 400,
    ObjectDoesNotExist: 404,
    StepError: 409,
}


def control(said: str | Callable[[Any], str], **works: Work) -> Callable[..., HttpResponse]:
    """Route verbs to functions of the sent values; `said` is, or makes, what the page says after a form."""

    def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            values = _values(request)
            work = works.get(_verb(request, values))
            if work is None:
                return respond({"message": f"{request.method} is not possible here"}, status=405)
            result = work(values, **kwargs)
        except tuple(REFUSALS) as refusal:
            return _refuse(request, refusal)
        if _is_form(request):
            messages.success(request, said if isinstance(said, str) else said(result))
            return _back(values)
        return respond(result)

    return view


def _is_form(request: HttpRequest) -> bool:
    return request.method == "POST" and request.content_type != "application/json"


def _values(request: HttpRequest) -> dict[str, Any]:
    if _is_form(request):
        return dict(request.POST.items())
    try:
        values = json.loads(request.body or b"{}", parse_float=Decimal)
    except ValueError:
        raise InputError("The body is not JSON") from None
    if not isinstance(values, dict):
        raise InputError("The body is not a JSON object")
    return values


def _verb(request: HttpRequest, values: Values) -> str:
    # HTML forms know no DELETE.
    return "DELETE" if _is_form(request) and values.get("verb") == "DELETE" else request.method or ""


def _refuse(request: HttpRequest, refusal: Exception) -> HttpResponse:
    status = next(status for kind, status in REFUSALS.items() if isinstance(refusal, kind))
    sentence = "There is no such thing any more." if status == 404 else str(refusal)
    if not _is_form(request):
        return respond({"message": sentence}, status=status)
    messages.error(request, sentence)
    return _back(dict(request.POST.items()))


def _back(values: Values) -> HttpResponse:
    section = str(values.get("section", ""))
    return HttpResponseRedirect(f"/#{section}" if re.fullmatch(r"[\w-]+", section) else "/")


def objects(values: Values, name: str) -> list[dict[str, Any]]:
    """Read a list of JSON objects, from JSON or from a form's text area."""
    given = values.get(name) or []
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            raise InputError(f"{name} is not JSON") from None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise InputError(f"{name} is a list of objects")
    return given
