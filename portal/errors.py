import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault, with a number to quote. Nothing here may need the database: it may be what failed."""
    reference = {"request_id": request.META.get("REQUEST_ID", "")}
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html", reference), status=503, headers={"Retry-After": "10"})
    return HttpResponseServerError(render_to_string("500.html", reference))
