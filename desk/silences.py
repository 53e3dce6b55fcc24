"""Who should have spoken and did not, each with since when: silence is noticed here before somebody asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Min
from django.urls import reverse

from cards.velocity import PortalMinute
from customers.models import EnablementRequest
from customers.standing import patience, usual_review
from webhooks.handlers import CARD_HANDLERS, COMPANY_HANDLERS, PURCHASE_EVENTS
from webhooks.models import AUTHORIZATION, Refusal
from webhooks.pace import newest_of, quiet_since

EVERYTHING = frozenset({AUTHORIZATION, *CARD_HANDLERS, *COMPANY_HANDLERS})
WATCHED = {"Purchases": frozenset({AUTHORIZATION, *PURCHASE_EVENTS}), "Verdicts": frozenset({"client_status"})}
INTAKE_IS_NOTED_WITHIN = timedelta(minutes=3)  # a running web process notes each minute


@dataclass(frozen=True)
class Silence:
    """Something that is silent: what, since when, why that is remarkable, and where its rows are."""

    name: str
    since: datetime
    note: str
    url: str = ""


def silences(refusals: Iterable[Refusal], *, to: User | AnonymousUser, now: datetime) -> list[Silence]:
    """Return what is silent now. `refusals` are the requests to the webhook address that were turned away lately."""
    log = reverse("webhooks:events") if to.has_perm("webhooks.view_webhookevent") else ""
    queue = f"{reverse('desk:queue')}#queue-provider" if to.has_perm("customers.view_customer") else ""
    return [*_intake(now), *_deliveries(refusals, now, log), *_reviews(now, queue)]


def _intake(now: datetime) -> list[Silence]:
    noted = PortalMinute.ago(0)
    if noted is None or now - noted < INTAKE_IS_NOTED_WITHIN:
        return []
    return [Silence("Webhook intake", noted, "No web process notes that it runs. Restart the web processes")]


def _deliveries(refusals: Iterable[Refusal], now: datetime, url: str) -> list[Silence]:
    """Say which deliveries stay away at a time when some usually come; where none come at all, that alone."""
    newest = newest_of(EVERYTHING)
    if since := quiet_since(EVERYTHING, newest, now=now):
        return [Silence("All deliveries", since, _why(refusals, since), url)]
    quiet = [(name, quiet_since(kinds, newest, now=now)) for name, kinds in WATCHED.items()]
    note = "None come, though other deliveries do, and some usually come at this time"
    return [Silence(name, since, note, url) for name, since in quiet if since]


def _why(refusals: Iterable[Refusal], since: datetime) -> str:
    if any(each.kind == Refusal.Kind.KEY and each.last_at > since for each in refusals):
        return "Requests with a wrong key came meanwhile. Compare the webhook key here with the one at CryptoMate"
    return "Some usually come at this time. Ask CryptoMate whether it reaches the portal"


def _reviews(now: datetime, url: str) -> list[Silence]:
    """Say how many requests wait for a verdict for longer than reviews take."""
    overdue = EnablementRequest.objects.overdue(since=now - patience(usual_review()))
    found = overdue.aggregate(count=Count("pk"), oldest=Min("submitted_at"))
    if not found["count"]:
        return []
    name = f"{found['count']} {'request' if found['count'] == 1 else 'requests'} in review"
    note = "No verdict came, and reviews are usually done sooner. Open the oldest and write to CryptoMate’s support"
    return [Silence(name, found["oldest"], note, url)]
