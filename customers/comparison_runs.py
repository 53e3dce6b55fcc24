"""Runs a comparison, a little at a time: each turn does one batch and leaves what is next in the database.

Whatever stops it (a worker killed, the night's end, the budget, a person) the next turn goes on where it stands.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cryptomate import Client, CryptoMateError, MalformedAnswer, Refused
from customers.comparisons import LEASE, Comparison, ComparisonClock, ComparisonState, ListedRecord
from customers.nights import night_at
from customers.policies import NotAllowed, check_person_may
from provider import budget
from provider.circuit import Held
from provider.waking import BACKGROUND, wake

logger = logging.getLogger(__name__)

NIGHTS = 30  # in how many nights every customer is asked about once
AT_LEAST = 500  # customers in one night: a small programme is compared whole
LONGEST_RUN = timedelta(days=3)  # what is unfinished after that gives way to a new run
ASKED_FOR = timedelta(hours=1)  # how long a run goes on by day that a person asked for
LONGEST_TURN = 30.0  # seconds
PATIENCE = 5.0  # seconds to wait for a call nobody else wants

ENROL = """
INSERT INTO customers_comparisonclock (customer_id, compared_at, is_unlisted)
SELECT id, created_at, false FROM customers_customer customer
WHERE api_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM customers_comparisonclock clock WHERE clock.customer_id = customer.id)
ON CONFLICT DO NOTHING
"""


@dataclass
class Turn:
    """One batch of one run: who is asked, and what it counts."""

    run: Comparison
    client: Client
    stop_at: float = field(default_factory=lambda: time.monotonic() + LONGEST_TURN)

    @property
    def is_late(self) -> bool:
        """Answer whether the rest is the next turn's: a slow provider must not take a task to its time limit."""
        return time.monotonic() > self.stop_at

    def take(self) -> None:
        """Wait until a call may be made. Raises Held: then the turn is over, and the next goes on."""
        budget.take(background=True, patience=PATIENCE)
        self.run.add(calls=1)

    def move(self, cursor: int) -> None:
        """Note that the list is read up to here; another worker that read the same moves nothing back."""
        Comparison.objects.filter(pk=self.run.pk, step=self.run.step, cursor__lt=cursor).update(cursor=cursor)
        self.run.cursor = cursor


@dataclass(frozen=True)
class Step:
    """One kind of records. `advance` does one batch and answers whether nothing is left."""

    name: str
    title: str
    place: int
    is_list: bool  # read by one worker at a time
    advance: Callable[[Turn], bool]


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    _steps[step.name] = step


def steps() -> list[Step]:
    return sorted(_steps.values(), key=lambda step: step.place)


def title_of(run: Comparison) -> str:
    return _steps[run.step].title if run.step in _steps else run.step


# --- When


def due_run(*, now: datetime) -> Comparison | None:
    """Return the run to work on now: tonight's is opened, yesterday's unfinished one goes on, and none runs by day."""
    night = night_at(now, settings.COMPARISON_HOURS)
    run = Comparison.objects.unfinished().first()
    if run is None:
        is_done = night is None or Comparison.objects.filter(started_at__gte=night.start).exists()
        return None if is_done or night is None else begin(now=now, ends_at=night.end)
    if run.is_running and now < run.ends_at:
        return run
    if run.is_running:
        _pause(run, now=now)
    if night is None or (run.paused_at and run.paused_at >= night.start):
        return None
    if run.started_at < night.start - LONGEST_RUN:
        _finish(run, note="It was not finished in time: a new one has begun.")
        return begin(now=now, ends_at=night.end)
    _resume(run, ends_at=night.end)
    return run


def begin(*, now: datetime, ends_at: datetime, by: User | None = None) -> Comparison | None:
    """Start a run; None where another worker just did."""
    try:
        with transaction.atomic():
            run = Comparison.objects.create(step=steps()[0].name, started_at=now, ends_at=ends_at, started_by=by)
            _enrol()
            run.quota = max(-(-ComparisonClock.objects.count() // NIGHTS), AT_LEAST)
            run.save(update_fields=["quota"])
    except IntegrityError:
        return None
    return run


def _enrol() -> None:
    """Give each registered customer a clock; one that is new counts as compared when it was created."""
    with connection.cursor() as cursor:
        cursor.execute(ENROL)


def _pause(run: Comparison, *, now: datetime) -> None:
    run.state, run.paused_at, run.lease_until = ComparisonState.PAUSED, now, None
    run.save(update_fields=["state", "paused_at", "lease_until"])


def _resume(run: Comparison, *, ends_at: datetime) -> None:
    run.state, run.paused_at, run.ends_at = ComparisonState.RUNNING, None, ends_at
    run.save(update_fields=["state", "paused_at", "ends_at"])


# --- A turn


def advance(run: Comparison, *, client: Client) -> None:
    """Do one batch. Where the provider is not to be had, the batch ends early and says so on the run."""
    step = _steps[run.step]
    if step.is_list and not _claim_list(run):
        return
    turn, note = Turn(run, client), ""
    try:
        is_over = step.advance(turn)
    except Held:
        is_over, note = False, "Others need the calls to CryptoMate; it goes on when some are free."
    except (Refused, MalformedAnswer) as error:
        logger.warning("Step %s of the comparison cannot be read: %s", step.name, type(error).__name__)
        is_over, note = True, f"CryptoMate did not show: {step.title.lower()}."
    except CryptoMateError as error:
        logger.warning("The comparison waits for the provider: %s", type(error).__name__)
        is_over, note = False, "CryptoMate does not answer; it goes on when it does."
    _leave(run, step, is_over=is_over, note=note)


def _claim_list(run: Comparison) -> bool:
    """Take the list for one lease: its pages are read in order."""
    now = timezone.now()
    free = Comparison.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=run.pk, step=run.step)
    claimed = free.update(lease_until=now + LEASE) == 1
    run.refresh_from_db()
    return claimed


def _leave(run: Comparison, step: Step, *, is_over: bool, note: str) -> None:
    present = Comparison.objects.filter(pk=run.pk, step=step.name)
    if step.is_list:
        present.update(lease_until=None)
    if note:
        present.update(note=note)
    if is_over:
        _go_on(run, step)


def _go_on(run: Comparison, step: Step) -> None:
    after = [each for each in steps() if each.place > step.place]
    present = Comparison.objects.unfinished().filter(pk=run.pk, step=step.name)
    if after:
        present.update(step=after[0].name, cursor=0)
        return
    if present.exists():
        _finish(run)


def _finish(run: Comparison, *, note: str = "") -> None:
    said = {"note": note} if note else {}
    Comparison.objects.unfinished().filter(pk=run.pk).update(
        state=ComparisonState.DONE, finished_at=timezone.now(), paused_at=None, lease_until=None, **said
    )
    ListedRecord.objects.filter(comparison=run).delete()


# --- What admins do


@transaction.atomic
def compare_now(*, by: User) -> Comparison:
    """Start a comparison by day, or go on with the one that waits for the night. Raises NotAllowed."""
    check_person_may(by, "customers.run_comparison")
    now = timezone.now()
    run = Comparison.objects.unfinished().select_for_update(no_key=True).first()
    if run and run.is_running and now < run.ends_at:
        raise NotAllowed("A comparison is running already.")
    if run:
        _resume(run, ends_at=now + ASKED_FOR)
    else:
        run = begin(now=now, ends_at=now + ASKED_FOR, by=by)
    if run is None:
        raise NotAllowed("A comparison is running already.")
    record(kind=Kind.COMPARISON_STARTED, by=by, subject=run)
    wake("customers.tasks.compare", queue=BACKGROUND)
    return run


@transaction.atomic
def stop_comparison(*, by: User) -> None:
    """Put the running comparison off to the next night. Raises NotAllowed."""
    check_person_may(by, "customers.run_comparison")
    run = Comparison.objects.unfinished().select_for_update(no_key=True).first()
    if run is None or not run.is_running:
        raise NotAllowed("No comparison is running.")
    _pause(run, now=timezone.now())
    record(kind=Kind.COMPARISON_STOPPED, by=by, subject=run)
