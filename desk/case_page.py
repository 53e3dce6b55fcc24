"""What the bar on a customer's page, and the page of a case, say about who is at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.forms import Form
from django.utils import timezone

from customers.models import Customer
from customers.policies import reason_against
from desk import case_policies as policies
from desk.case_forms import AssignForm, EscalateForm, HandOverForm, ReasonForm, SnoozeForm
from desk.cases import Case
from desk.statuses import Reason, WaitsFor


@dataclass(frozen=True)
class Bar:
    """Where the case stands for one person who looks at it."""

    case: Case
    person: User
    now: datetime

    @property
    def may_work(self) -> bool:
        return self.person.has_perm(policies.WORKS)

    @property
    def is_open(self) -> bool:
        return self.case.waits_for != WaitsFor.NOBODY

    @property
    def is_held(self) -> bool:
        return policies.is_held(self.case, now=self.now)

    @property
    def is_mine(self) -> bool:
        return policies.is_held_by(self.case, self.person, now=self.now)

    @property
    def is_snoozed(self) -> bool:
        return self.case.snoozed_until is not None and self.case.snoozed_until > self.now

    @property
    def is_assigned_to_me(self) -> bool:
        return self.case.assigned_to_id == self.person.pk

    @property
    def offers_closing(self) -> bool:
        return not reason_against(policies.check_can_close, self.case)

    @property
    def why_closed(self) -> str:
        return "the refusal stands" if self.case.reason == Reason.REJECTED else "the customer does not answer"

    @property
    def offers_asking(self) -> bool:
        return not reason_against(policies.check_can_ask_customer, self.case)


def case_of(customer: Customer) -> Case | None:
    return Case.objects.with_people().filter(pk=customer.pk).first()


def bar_of(case: Case, person: User) -> Bar:
    return Bar(case, person, timezone.now())


def forms_of(person: User, **bound: Form) -> dict[str, Any]:
    """Return the forms of a case's page, those given as they were typed."""
    return {
        "take_over": ReasonForm(auto_id="take_over_%s"),
        "assign": AssignForm(by=person, auto_id="assign_%s"),
        "hand_over": HandOverForm(by=person, auto_id="hand_over_%s"),
        "snooze": SnoozeForm(auto_id="snooze_%s"),
        "escalate": EscalateForm(auto_id="escalate_%s"),
        **bound,
    }
