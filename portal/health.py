"""Open pages for machines: is the process up, and can it do its work."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.models import Heartbeat, Part

OK, SILENT = "ok", "silent"


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the database answers, beat and the workers run and the broker carries messages; else 503.

    Who is silent is named, and since when where that is known.
    """
    if not _database_answers():
        return JsonResponse({"database": SILENT}, status=503)
    beat, *workers, broker = parts = Heartbeat.parts(now=timezone.now())
    silent = [_in_words(worker) for worker in workers if worker.is_silent]
    said = {"database": OK, "beat": _in_words(beat), "worker": "; ".join(silent) or OK, "broker": _in_words(broker)}
    return JsonResponse(said, status=503 if any(part.is_silent for part in parts) else 200)


def _in_words(part: Part) -> str:
    if not part.is_silent:
        return OK
    return f"{part.name} silent since {part.at.isoformat(timespec='seconds')}" if part.at else f"{part.name} silent"


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
