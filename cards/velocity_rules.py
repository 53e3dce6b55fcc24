"""The company's velocity rules: the provider's word, replaced by admins as a whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards.models import VelocityRule, VelocityRuleSet
from cards.velocity import LONGEST_WINDOW, MOST_RULES
from cryptomate import Client, Refused
from cryptomate import VelocityRule as RemoteRule
from customers.policies import NotAllowed, check_person_may
from provider import budget
from provider.actions import want
from provider.models import CallKind, ProviderCall

STALE_AFTER = timedelta(hours=1)


def check_rules(rules: Sequence[RemoteRule]) -> None:
    """Refuse what the provider would: more than five, numbers below one, one window twice (contract section 9)."""
    if len(rules) > MOST_RULES:
        raise NotAllowed(f"CryptoMate takes {MOST_RULES} rules at most.")
    if any(min(rule.max_authorizations, rule.time_window_seconds) < 1 for rule in rules):
        raise NotAllowed("Purchases and seconds count from 1.")
    if any(rule.time_window_seconds > LONGEST_WINDOW for rule in rules):
        raise NotAllowed("A window is at most a year long.")
    if len({rule.time_window_seconds for rule in rules}) < len(rules):
        raise NotAllowed("Two rules have the same window. Keep the stricter one.")


@transaction.atomic
def replace_rules(*, rules: Sequence[RemoteRule], by: User) -> ProviderCall:
    """Want all rules replaced by these. Raises NotAllowed, and AlreadyUnderway while others are being set."""
    check_person_may(by, "cards.change_velocityrule")
    check_rules(rules)
    everything = _locked_set()
    wish = {"rules": [dict(rule.to_json()) for rule in rules]}
    before = {"rules": [dict(rule.to_json()) for rule in _stored()]}
    record(kind=Kind.VELOCITY_RULES_CHANGED, by=by, subject=everything, before=before, after=wish)
    return want(kind=CallKind.SET_VELOCITY_RULES, target=everything, customer_id=None, by=by, payload=wish)


def newest_call() -> ProviderCall | None:
    """Return the newest wish to replace the rules, and with it how it went."""
    return (
        ProviderCall.objects.filter(target_id=VelocityRuleSet.THE_ONE, kind=CallKind.SET_VELOCITY_RULES)
        .order_by("-wanted_at")
        .first()
    )


def refresh_if_stale(*, client: Client, now: datetime) -> None:
    """Read the rules at the provider, once an hour. Raises the client's errors."""
    read_at = VelocityRuleSet.objects.current().read_at
    if read_at is None or now - read_at >= STALE_AFTER:
        budget.take(background=True)
        _follow_unless_newer(client.get_velocity_rules(), read_at)


@transaction.atomic
def _follow_unless_newer(said: Sequence[RemoteRule], read_at: datetime | None) -> None:
    # An admin's own change may have been answered while this was under way.
    if _locked_set().read_at == read_at:
        follow_rules(said)


@transaction.atomic
def follow_rules(said: Sequence[RemoteRule]) -> None:
    """Bring our rules in line with the provider's."""
    everything = _locked_set()
    if set(_stored()) != set(said):
        VelocityRule.objects.all().delete()
        VelocityRule.objects.bulk_create(VelocityRule(**rule.to_json()) for rule in set(said))
    everything.read_at = timezone.now()
    everything.save(update_fields=["read_at"])


def _stored() -> list[RemoteRule]:
    return [
        RemoteRule(max_authorizations=rule.max_authorizations, time_window_seconds=rule.time_window_seconds)
        for rule in VelocityRule.objects.shortest_first()
    ]


def _locked_set() -> VelocityRuleSet:
    current = VelocityRuleSet.objects.current()
    return VelocityRuleSet.objects.select_for_update(no_key=True).get(pk=current.pk)


class SetVelocityRules:
    kind = CallKind.SET_VELOCITY_RULES

    def lock(self, call: ProviderCall) -> None:
        _locked_set()

    def send(self, client: Client, call: ProviderCall) -> list[RemoteRule]:
        return client.replace_velocity_rules(_wanted(call))

    def look_up(self, client: Client, call: ProviderCall) -> list[RemoteRule] | None:
        stored = client.get_velocity_rules()
        return stored if set(stored) == set(_wanted(call)) else None

    def done(self, call: ProviderCall, answer: list[RemoteRule]) -> None:
        follow_rules(answer)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


def _wanted(call: ProviderCall) -> list[RemoteRule]:
    rules: list[dict[str, Any]] = call.payload["rules"]
    return [RemoteRule(**rule) for rule in rules]
