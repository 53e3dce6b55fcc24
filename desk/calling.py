"""Whether the provider is called at all, and how much of what it allows is used."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from provider import budget, circuit
from provider.budget import Usage
from provider.circuit import Gate
from provider.models import Outage

SHOWN = 3  # outages that are over


@dataclass(frozen=True)
class Calling:
    gate: Gate
    outage: Outage | None  # the present one
    usage: Usage
    earlier: list[Outage]
    url: str

    @property
    def most_in_a_second(self) -> int:
        return budget.TURNS


def calling(*, to: User | AnonymousUser) -> Calling:
    gate = circuit.look()
    latest = list(Outage.objects.all()[: SHOWN + 1])
    may_open = getattr(to, "is_staff", False) and to.has_perm("provider.view_outage")
    return Calling(
        gate=gate,
        outage=next((each for each in latest if each.closed_at is None), None) if gate.is_open else None,
        usage=budget.usage(gate),
        earlier=[each for each in latest if each.closed_at][:SHOWN],
        url=reverse("admin:provider_outage_changelist") if may_open else "",
    )
