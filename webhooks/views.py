import logging
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import DataError, Error, IntegrityError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from audit.sight import REVEALS, sees_personal_data
from cards.decisions import outage
from cards.postgresql.patience import answering_by
from cryptomate.errors import plain_word
from customers.policies import NotAllowed, reason_against
from customers.views import kept_by_nobody
from people.approvals import Approval
from people.confirming import confirmed
from people.waiting import TOLD
from webhooks import actions, listing
from webhooks.authorizing import authorize
from webhooks.bodies import LARGEST_BODY, CutOff, TooLarge, read_body
from webhooks.deliveries import Unreadable, parse
from webhooks.forms import TYPES, DeliveryFilter, FailedSince, a_day_ago
from webhooks.models import Refusal, WebhookEvent
from webhooks.policies import check_can_process_again, is_our_key
from webhooks.previews import preview
from webhooks.provider_clock import provider_clock
from webhooks.refusals import tally
from webhooks.shapes import compare_shape

logger = logging.getLogger(__name__)

TRY_AGAIN_AFTER = 2  # seconds
DATABASE_WITHIN = 1.0  # seconds


@csrf_exempt
@login_not_required
@require_POST
def intake(request: HttpRequest) -> HttpResponse:
    """Take a delivery from CryptoMate. Only a stored one is answered 200; any other answer makes the provider retry."""
    # A purchase may wait for the thread that a silent database holds.
    with (
        answering_by(monotonic() + DATABASE_WITHIN, connection=connections["default"]),
        provider_clock.in_hand() as is_alone,
    ):
        return _intake(request, is_alone=is_alone)


def _intake(request: HttpRequest, *, is_alone: bool) -> HttpResponse:
    arrival = _arrival(request)
    # From META here and there: `headers` copies all of them first.
    if not is_our_key(request.META.get("HTTP_X_WEBHOOK_KEY", "")):
        return _turn_away(Refusal.Kind.KEY, 401, "X-Webhook-Key is missing or wrong.")
    try:
        raw = read_body(request)
    except TooLarge:
        return _turn_away(Refusal.Kind.SIZE, 413, f"The body is larger than {LARGEST_BODY // 1024} KiB.")
    except CutOff:
        return _problem(400, "The body ended before its end.")
    if is_alone:
        provider_clock.note(sent=arrival.request_timestamp, received=arrival.received_at)
    return _take(raw, arrival)


def _take(raw: bytes, arrival: actions.Arrival) -> HttpResponse:
    """Answer whatever was sent. What we stumble over is kept as unreadable: a person finds it, nothing is lost."""
    try:
        return _answer(raw, arrival)
    except Exception as error:
        if _is_away(error):
            return _away(error, arrival)
        return _keep(raw, arrival, error)


def _keep(raw: bytes, arrival: actions.Arrival, error: Exception) -> HttpResponse:
    logger.error("A delivery was not taken: %s", type(error).__name__)
    try:
        actions.reject(raw, f"The portal could not take it: {type(error).__name__}", arrival)
    except Error as refused:
        return _away(refused, arrival)
    return _problem(400, "The portal could not take this delivery. It is kept for a person to look at.")


def _is_away(error: Exception) -> bool:
    """Tell a database that does not do its work from one that refuses what it was given."""
    return isinstance(error, Error) and not isinstance(error, DataError | IntegrityError)


def _away(error: Exception, arrival: actions.Arrival) -> HttpResponse:
    # Only the error's name: its own text quotes the row.
    logger.error("A delivery could not be stored: %s", type(error).__name__)
    tally.add(Refusal.Kind.AWAY, at=arrival.received_at)
    answer = _problem(503, "The delivery could not be stored. Send it again.")
    answer["Retry-After"] = str(TRY_AGAIN_AFTER)
    return answer


def _answer(raw: bytes, arrival: actions.Arrival) -> HttpResponse:
    try:
        delivery = parse(raw)
    except Unreadable as problem:
        actions.reject(raw, str(problem), arrival)
        return _problem(400, str(problem))
    if delivery.asks_for_a_decision:
        return authorize(delivery, arrival)
    if outage.is_on:
        raise OperationalError("the database is known to be away")
    actions.receive(delivery, arrival)
    compare_shape(delivery)
    tally.write_if_due()
    return JsonResponse({"response_code": "OK"})


def _turn_away(kind: Refusal.Kind, status: int, sentence: str) -> HttpResponse:
    tally.add(kind, at=timezone.now())
    tally.write_if_due()
    answer = _problem(status, sentence)
    answer._has_been_logged = True  # type: ignore[attr-defined] # Django writes a line for each, and a flood fills the disk
    return answer


def _problem(status: int, sentence: str) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status)


def _arrival(request: HttpRequest) -> actions.Arrival:
    return actions.Arrival(
        received_at=timezone.now(),
        request_timestamp=_epoch_ms(request.META.get("HTTP_X_REQUEST_TIMESTAMP", "")),
        trace_id=plain_word(request.META.get("HTTP_X_TRACE_ID")),
    )


def _epoch_ms(header: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(header[:20]) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


@require_GET
@permission_required("webhooks.view_webhookevent", raise_exception=True)
@vary_on_headers("HX-Request")
def events(request: HttpRequest) -> HttpResponse:
    """List the deliveries, newest first. The first page asks again and is told 204 while nothing is new."""
    form = DeliveryFilter(request.GET)
    deliveries = listing.deliveries(form.deliveries(), asked=request.GET)
    status = 422 if form.errors else 200
    return _listed(request, "events", deliveries, {"form": form, "types": TYPES}, status=status)


def _listed(
    request: HttpRequest, name: str, listed: listing.Listed[Any], context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    wants_partial = "HX-Request" in request.headers
    if wants_partial and listed.seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    template = f"webhooks/_{name}.html" if wants_partial else f"webhooks/{name}.html"
    return render(request, template, {"listed": listed, **context}, status=status)


@require_GET
@permission_required("webhooks.view_webhookevent", raise_exception=True)
@vary_on_headers("HX-Request")
def event(request: HttpRequest, pk: str) -> HttpResponse:
    """Show one delivery, masked; in full to those who may and ask for it, which is recorded."""
    found = get_object_or_404(WebhookEvent, pk=pk)
    in_full = "in_full" in request.GET
    if in_full and _is_over(found, by=request.user):
        return redirect(found)
    if in_full:
        _record_reading(found, by=cast("User", request.user))
    shown = listing.shown(found, to=request.user, now=timezone.now(), in_full=in_full)
    template = "webhooks/_event.html" if "HX-Request" in request.headers else "webhooks/event.html"
    return kept_by_nobody(render(request, template, {"event": found, "shown": shown}))


def _is_over(event: WebhookEvent, *, by: User | AnonymousUser) -> bool:
    """Answer whether they could have it shown by a reveal, and none stands: it is masked again."""
    could = event.customer_id is not None and by.has_perm(REVEALS)
    return could and not sees_personal_data(by, event.customer_id)


def _record_reading(event: WebhookEvent, *, by: User) -> None:
    try:
        actions.open_in_full(event, by=by)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from None


@require_http_methods(["GET", "POST"])
@permission_required("webhooks.reprocess", raise_exception=True)
def again(request: HttpRequest, pk: str) -> HttpResponse:
    """Show what handling a delivery again would change; on POST have it handled."""
    found = get_object_or_404(WebhookEvent, pk=pk)
    if request.method == "GET":
        return _previewed(request, found)
    try:
        actions.process_again(found, by=cast("User", request.user), now=timezone.now())
    except NotAllowed:
        return _previewed(request, found, status=409)
    messages.success(request, "The portal handles this delivery again within seconds.")
    return redirect(found)


def _previewed(request: HttpRequest, event: WebhookEvent, *, status: int = 200) -> HttpResponse:
    refusal = reason_against(check_can_process_again, event)
    context = {"event": event, "refusal": refusal, "preview": None if refusal else preview(event)}
    return render(request, "webhooks/again.html", context, status=status)


@require_http_methods(["GET", "POST"])
@permission_required("webhooks.reprocess", raise_exception=True)
@confirmed
def failed_again(request: HttpRequest) -> HttpResponse:
    """Show what failed since a moment and what handling it again would change; on POST have all of it handled."""
    form = FailedSince(request.POST or request.GET or {"since": a_day_ago()})
    if not form.is_valid():
        return render(request, "webhooks/failed_again.html", {"form": form}, status=422)
    since = form.cleaned_data["since"]
    if request.method == "GET":
        return _failed(request, form, since)
    try:
        done = actions.process_failed_again(since=since, by=cast("User", request.user), now=timezone.now())
    except NotAllowed as refusal:
        return _failed(request, form, since, refusal=str(refusal), status=409)
    if isinstance(done, Approval):
        messages.info(request, TOLD)
    else:
        messages.success(request, f"The portal handles {done} deliveries again within seconds.")
    return redirect("webhooks:failed_again" if isinstance(done, Approval) else "webhooks:events")


def _failed(
    request: HttpRequest, form: FailedSince, since: datetime, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "failed": listing.failed_since(since),
        "approvals": listing.waiting_replays(cast("User", request.user)),
        "refusal": refusal,
    }
    return render(request, "webhooks/failed_again.html", context, status=status)
