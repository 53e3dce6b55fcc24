"""The case of each customer under review, how long it lay with whom, and how long it may."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.capture import Capture
from customers.models import Customer, EnablementRequest
from customers.paging import Place
from desk.statuses import ASKED_FOR, Reason, WaitsFor
from desk.targets import Target, is_late
from vault.fields import EncryptedTextField

LONGEST_NOTE = 500

# What follows from a reason, in whichever way it changed. News end a snooze, open what was closed and are ours to look
# at before the customer is waited for again: all three were about what stood before. What is closed is also opened by
# whoever sends something for the customer.
TURN = pgtrigger.Trigger(
    name="turn",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    declare=[("side", "text")],
    func="""
        side := desk_side(NEW.reason);
        IF side <> 'US' THEN
            NEW.customer_asked_at := NULL;
        END IF;
        IF (NEW.reason, NEW.request_id) IS DISTINCT FROM (OLD.reason, OLD.request_id) THEN
            NEW.customer_asked_at := NULL;
            NEW.closed_at := NULL;
            NEW.snoozed_until := NULL;
        END IF;
        IF NEW.is_moving THEN
            NEW.closed_at := NULL;
        END IF;
        NEW.waits_for := CASE
            WHEN NEW.closed_at IS NOT NULL THEN 'NOBODY'
            WHEN NEW.customer_asked_at IS NOT NULL THEN 'CUSTOMER'
            ELSE side
        END;
        IF NEW.waits_for <> OLD.waits_for THEN
            NEW.since := clock_timestamp();
        END IF;
        IF NEW.waits_for = 'NOBODY' THEN
            NEW.held_by_id := NULL;
            NEW.held_until := NULL;
            NEW.escalated_at := NULL;
            NEW.escalated_by_id := NULL;
            NEW.snoozed_until := NULL;
        END IF;
        RETURN NEW;
    """,
)
BEGIN_SPELL = """
    INSERT INTO desk_spell (customer_id, waits_for, reason, began_at)
    SELECT NEW.customer_id, NEW.waits_for, NEW.reason, NEW.since WHERE NEW.waits_for <> 'NOBODY';
"""
END_SPELL = """
    UPDATE desk_spell SET ended_at = greatest(NEW.since, began_at)
    WHERE customer_id = NEW.customer_id AND ended_at IS NULL;
"""
# Once for each statement: a call for each row of 100,000 would take time in proportion to their square.
FIRST_SPELL = pgtrigger.Trigger(
    name="first_spell",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="rows"),  # type: ignore[no-untyped-call]
    func="""
        INSERT INTO desk_spell (customer_id, waits_for, reason, began_at)
        SELECT customer_id, waits_for, reason, since FROM rows WHERE waits_for <> 'NOBODY';
        RETURN NULL;
    """,
)
NEXT_SPELL = pgtrigger.Trigger(
    name="next_spell",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__waits_for__df=pgtrigger.F("new__waits_for")),
    func=END_SPELL + BEGIN_SPELL + "RETURN NULL;",
)


class CaseQuerySet(models.QuerySet["Case"]):
    def waiting(self) -> Self:
        return self.exclude(waits_for=WaitsFor.NOBODY)

    def waiting_for(self, side: WaitsFor) -> Self:
        return self.filter(waits_for=side)

    def free(self, *, now: datetime) -> Self:
        """Cases that nobody holds, or that were held until before."""
        return self.filter(Q(held_until=None) | Q(held_until__lte=now))

    def held_by(self, person: User, *, now: datetime) -> Self:
        return self.filter(held_by=person, held_until__gt=now)

    def awake(self, *, now: datetime) -> Self:
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def asleep(self, *, now: datetime) -> Self:
        return self.filter(snoozed_until__gt=now)

    def unassigned(self) -> Self:
        """Cases that are nobody's, or whose person has left: nobody else would be given them."""
        return self.filter(Q(assigned_to=None) | Q(assigned_to__is_active=False))

    def to_work_on(self, person: User, *, now: datetime) -> Self:
        """Cases in which the person has something to do: neither on its way, nor held by or assigned to another."""
        theirs = self.unassigned() | self.filter(assigned_to=person)
        return theirs.waiting_for(WaitsFor.US).free(now=now).filter(is_moving=False)

    def with_people(self) -> Self:
        """Read along what pages show: the customer, the request, and who is at it."""
        return self.select_related("customer", "request", "assigned_to", "held_by", "escalated_by")

    def oldest_first(self) -> Self:
        return self.order_by("since", "pk")

    # The first condition repeats the second for the index: PostgreSQL does not use it for the OR alone.

    def behind(self, place: Place) -> Self:
        """Cases that come after this place, oldest first."""
        return self.filter(Q(since__gte=place.at), Q(since__gt=place.at) | Q(pk__gt=place.pk)).oldest_first()

    def before(self, place: Place) -> Self:
        """Cases that come before this place, the nearest first."""
        return self.filter(Q(since__lte=place.at), Q(since__lt=place.at) | Q(pk__lt=place.pk)).order_by("-since", "-pk")

    def late(self, targets: Iterable[Target], *, now: datetime) -> Self:
        """Cases that have waited longer than the target of their side allows."""
        return self.filter(is_late(targets, now=now))


class Case(models.Model):
    """Where the work on a customer stands: whom it waits for and why, and who is at it.

    Triggers keep it true to requests, documents and calls, however those change: see `desk.following`. Only what people
    decide about the work is written by actions.
    """

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE, related_name="case")
    request = models.ForeignKey(
        EnablementRequest, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    waits_for = models.CharField(max_length=8, choices=WaitsFor.choices, default=WaitsFor.US)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    is_moving = models.BooleanField("being sent", default=False, help_text="Something about it is on its way.")
    since = models.DateTimeField(default=timezone.now, help_text="When it began to wait for that side.")

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    held_until = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_note = EncryptedTextField(max_length=LONGEST_NOTE, null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    escalated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    escalation_note = EncryptedTextField(max_length=LONGEST_NOTE, null=True, blank=True)
    customer_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the customer was asked for what is wanted."
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody said that this is the end.")

    objects = CaseQuerySet.as_manager()

    class Meta:
        triggers = [TURN, FIRST_SPELL, NEXT_SPELL, Capture()]
        default_permissions = ("view",)
        permissions = [
            ("work_case", "Can take, hand over, snooze and escalate cases"),
            ("assign_case", "Can assign cases to others"),
        ]
        indexes = [
            models.Index(fields=["waits_for", "since", "customer"], name="case_oldest"),
            models.Index(fields=["since", "customer"], name="case_oldest_of_all"),
            models.Index(
                fields=["assigned_to", "since", "customer"],
                condition=Q(assigned_to__isnull=False),
                name="case_of_person",
            ),
            models.Index(fields=["held_by"], condition=Q(held_by__isnull=False), name="case_held"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(waits_for__in=WaitsFor.values), name="case_waits_for_is_known"),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="case_reason_is_known"),
            models.CheckConstraint(
                condition=Q(waits_for=WaitsFor.NOBODY) & (Q(reason=Reason.DONE) | Q(closed_at__isnull=False))
                | ~Q(waits_for=WaitsFor.NOBODY) & ~Q(reason=Reason.DONE) & Q(closed_at__isnull=True),
                name="done_case_waits_for_nobody",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(reason__in=ASKED_FOR),
                name="case_closed_by_hand_was_refused_or_asked_about",
            ),
            models.CheckConstraint(
                condition=~Q(waits_for=WaitsFor.CUSTOMER) | Q(customer_asked_at__isnull=False),
                name="case_waits_for_a_customer_who_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(held_by__isnull=True, held_until__isnull=True)
                | Q(held_by__isnull=False, held_until__isnull=False),
                name="hold_is_somebodys_and_ends",
            ),
            models.CheckConstraint(
                condition=Q(escalated_at__isnull=True, escalated_by__isnull=True)
                | Q(escalated_at__isnull=False, escalated_by__isnull=False),
                name="escalation_names_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · waits for {self.get_waits_for_display()}"


class Spell(models.Model):
    """A stretch of time in which a case waited for one side. Triggers begin and end it; nothing else writes here."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="spells")
    waits_for = models.CharField(max_length=8, choices=WaitsFor.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices, help_text="Why, when it began.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("view_reports", "Can see how the work goes")]
        ordering = ["began_at", "pk"]
        indexes = [
            models.Index(fields=["customer", "began_at"], name="spell_customer"),
            models.Index(fields=["-began_at", "-id"], name="spell_newest"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="spell_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_at__isnull=True), name="one_open_spell_per_customer"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="spell_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(waits_for__in=[WaitsFor.US, WaitsFor.PROVIDER, WaitsFor.CUSTOMER]),
                name="spell_is_with_somebody",
            ),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="spell_reason_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · with {self.get_waits_for_display()}"
