"""How the portal does: what came in, what failed and why, who is silent. Each number leads to the rows behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count
from django.urls import reverse

from cards.authorizations import CLOCK, OUR_REASONS, Authorization
from customers.comparisons import Discrepancy
from customers.models import NewKind, UnknownReason
from desk.calling import Calling, calling
from desk.charts import Chart
from desk.hours import chart_of_hours
from desk.silences import Silence, silences
from provider.models import ProviderCall
from provider.shape_changes import ShapeChange
from webhooks.models import Outcome, Refusal, WebhookEvent

SHOWN = timedelta(hours=24)

Visitor = User | AnonymousUser


@dataclass(frozen=True)
class Figure:
    """One number: what it counts, where its rows are (nowhere for those who may not open them), whether it is bad."""

    label: str
    value: int
    note: str
    url: str
    is_bad: bool = False


@dataclass(frozen=True)
class Declined:
    """How many purchases were declined for one reason."""

    reason: str
    count: int
    url: str
    is_ours: bool


@dataclass(frozen=True)
class Beat:
    """When something that works in the background was last heard of."""

    name: str
    at: datetime | None
    is_silent: bool


@dataclass(frozen=True)
class Board:
    calling: Calling
    figures: list[Figure]
    hours: Chart
    declined: list[Declined]
    refusals: list[Refusal]
    beats: list[Beat]
    silences: list[Silence]

    @property
    def is_something_silent(self) -> bool:
        return any(beat.is_silent for beat in self.beats)


def may_look(user: Visitor) -> bool:
    return user.has_perm("webhooks.view_webhookevent") or user.has_perm("audit.view_event")


def board(*, to: Visitor, now: datetime) -> Board:
    since = now - SHOWN
    refusals = list(Refusal.objects.since(since))
    declined = _declined(to, since)
    return Board(
        calling=calling(to=to),
        figures=[
            *_deliveries(to, since),
            _refused(refusals),
            _late(declined),
            *_clock(),
            _unanswered(to),
            *_to_learn(to),
            _different(to),
        ],
        hours=chart_of_hours(WebhookEvent.objects.per_hour(since=since), until=now),
        declined=declined,
        refusals=refusals,
        beats=_beats(now),
        silences=silences(refusals, to=to, now=now),
    )


def _deliveries(to: Visitor, since: datetime) -> list[Figure]:
    failed = WebhookEvent.objects.matching(outcome=Outcome.FAILED).count()
    rejected = WebhookEvent.objects.matching(outcome=Outcome.REJECTED, since=since).count()
    return [
        Figure("Failed deliveries", failed, "not handled yet", _log(to, outcome="FAILED"), is_bad=failed > 0),
        Figure("Rejected", rejected, "could not be read, last 24 h", _log(to, outcome="REJECTED"), is_bad=rejected > 0),
    ]


def _refused(refusals: list[Refusal]) -> Figure:
    count = sum(refusal.count for refusal in refusals if refusal.kind == Refusal.Kind.KEY)
    return Figure("Refused keys", count, "last 24 h", "#refusals", is_bad=count > 0)


def _late(declined: list[Declined]) -> Figure:
    count = sum(each.count for each in declined if each.is_ours)
    return Figure("Late or failed authorizations", count, "last 24 h", "#declined", is_bad=count > 0)


def _clock() -> list[Figure]:
    """Say by how much the clocks differ, where the last purchase had to be measured with that taken off."""
    newest = Authorization.objects.order_by("-decided_at").first()
    behind = newest.milliseconds.get(CLOCK, 0) if newest else 0
    note = "CryptoMate’s is behind ours; answers allow for it" if behind > 0 else "CryptoMate’s is ahead of ours"
    return [Figure("Clocks differ by ms", round(abs(behind)), note, "", is_bad=True)] if behind else []


def _unanswered(to: Visitor) -> Figure:
    count = ProviderCall.objects.unanswered().count()
    url = reverse("admin:provider_providercall_changelist") + "?state__exact=UNKNOWN"
    may_open = getattr(to, "is_staff", False) and to.has_perm("provider.view_providercall")
    return Figure("Calls without an answer", count, "open now", url if may_open else reverse("desk:queue"))


def _to_learn(to: Visitor) -> list[Figure]:
    """Count what the provider says that the portal has no field and no words for."""
    kinds, reasons = NewKind.objects.unlearned().count(), UnknownReason.objects.unwritten().count()
    return [
        _shape_changes(to),
        Figure("New kinds of requirement", kinds, "typed as text", _admin(to, "newkind")),
        Figure("Refusals not written up", reasons, "no text for the customer", _admin(to, "unknownreason")),
    ]


def _different(to: Visitor) -> Figure:
    """Count where the provider's records and ours differ and a person decides."""
    count, may_open = Discrepancy.objects.open().count(), to.has_perm("customers.view_discrepancy")
    return Figure(
        "Differences", count, "from CryptoMate’s records, to decide", reverse("desk:differences") if may_open else "",
        is_bad=count > 0,
    )  # fmt: skip


def _shape_changes(to: Visitor) -> Figure:
    count = ShapeChange.objects.unacknowledged().count()
    may_open = getattr(to, "is_staff", False) and to.has_perm("provider.view_shapechange")
    url = reverse("admin:provider_shapechange_changelist", query={"acknowledged": "no"}) if may_open else ""
    return Figure("New at CryptoMate", count, "fields and words its contract does not name", url)


def _admin(to: Visitor, model: str) -> str:
    """Return the address of a list of the customers app in Django admin, for those who may open it."""
    may_open = getattr(to, "is_staff", False) and to.has_perm(f"customers.view_{model}")
    return reverse(f"admin:customers_{model}_changelist") if may_open else ""


def _declined(to: Visitor, since: datetime) -> list[Declined]:
    recent = Authorization.objects.filter(decided_at__gte=since).exclude(response_code="00")
    counts = recent.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [
        Declined(Authorization.Reason(reason).label, count, _decisions(to, reason), reason in OUR_REASONS)
        for reason, count in counts
    ]


def _beats(now: datetime) -> list[Beat]:
    # By name, since the project wires the apps and no app imports it.
    heartbeats: Any = apps.get_model("portal", "Heartbeat")
    return [Beat(part.name, part.at, is_silent=part.is_silent) for part in heartbeats.parts(now=now)]


def _log(to: Visitor, **filters: str) -> str:
    may_open = to.has_perm("webhooks.view_webhookevent")
    return f"{reverse('webhooks:events')}?{urlencode(filters)}" if may_open else ""


def _decisions(to: Visitor, reason: str) -> str:
    may_open = to.has_perm("webhooks.view_webhookevent")
    return f"{reverse('webhooks:authorizations')}?{urlencode({'reason': reason})}" if may_open else ""
