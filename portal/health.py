"""Open pages for machines: is the process up, and can it do its work."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.models import Heartbeat

SILENT_AFTER = timedelta(seconds=60)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the database answers and the worker has lately been given work by beat, else 503.

    A task that beat sent and the worker ran has passed through the broker, so one heartbeat vouches for all three.
    """
    parts = {"database": _database_answers()}
    parts["worker"] = parts["database"] and Heartbeat.objects.filter(at__gt=timezone.now() - SILENT_AFTER).exists()
    return JsonResponse(
        {name: "ok" if fine else "silent" for name, fine in parts.items()}, status=200 if all(parts.values()) else 503
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def answer_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the health pages before anything asks for the host's name: a load balancer probes by address."""
    pages = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        page = pages.get(request.path_info)
        return page(request) if page else get_response(request)

    return middleware
