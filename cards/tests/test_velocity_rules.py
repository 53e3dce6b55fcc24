from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from audit.models import Event
from cards.models import VelocityRule, VelocityRuleSet
from cards.velocity_rules import follow_rules, refresh_if_stale, replace_rules
from cryptomate import Client
from cryptomate import VelocityRule as RemoteRule
from cryptomate.testing import FakeTransport
from customers.policies import NotAllowed
from provider.actions import AlreadyUnderway, carry_out
from provider.models import ProviderCall

pytestmark = pytest.mark.django_db

PLACE = "/cards/account/configuration/velocity-rules"


def rule(most: int = 3, seconds: int = 60) -> RemoteRule:
    return RemoteRule(max_authorizations=most, time_window_seconds=seconds)


def stored() -> list[tuple[int, int]]:
    return list(VelocityRule.objects.shortest_first().values_list("max_authorizations", "time_window_seconds"))


def test_an_admin_replaces_the_rules_at_the_provider_and_that_is_recorded(
    admin_person: User, provider: FakeTransport
) -> None:
    follow_rules([rule(1, 10)])
    provider.reply("PUT", PLACE, {"rules": [rule(3, 60).to_json()]})

    call = replace_rules(rules=[rule(3, 60)], by=admin_person)
    carry_out(call.pk, client=provider.client())

    assert stored() == [(3, 60)]
    assert ProviderCall.objects.get().state == "DONE"
    assert [(change.field, change.became) for change in Event.objects.get(kind="velocity_rules.changed").changes]


def test_nothing_changes_here_before_the_provider_has_answered(admin_person: User) -> None:
    replace_rules(rules=[rule()], by=admin_person)

    assert stored() == []


def test_an_officer_may_not_change_the_rules(officer: User) -> None:
    with pytest.raises(NotAllowed):
        replace_rules(rules=[rule()], by=officer)

    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule(1, seconds) for seconds in range(1, 7)], "5 rules at most"),
        ([rule(0, 60)], "count from 1"),
        ([rule(1, 0)], "count from 1"),
        ([rule(1, 60), rule(2, 60)], "same window"),
        ([rule(1, 400 * 86400)], "a year"),
    ],
)
def test_what_the_provider_would_refuse_is_refused_with_a_sentence(
    rules: list[RemoteRule], words: str, admin_person: User
) -> None:
    with pytest.raises(NotAllowed, match=words):
        replace_rules(rules=rules, by=admin_person)

    assert not ProviderCall.objects.exists()


def test_other_rules_wait_until_the_first_are_set(admin_person: User) -> None:
    replace_rules(rules=[rule(1, 60)], by=admin_person)

    with pytest.raises(AlreadyUnderway):
        replace_rules(rules=[rule(2, 60)], by=admin_person)


def test_what_the_provider_refuses_changes_nothing_and_says_why(admin_person: User, provider: FakeTransport) -> None:
    provider.refuse("PUT", PLACE, 400, code="VELOCITY_RULES_LIMIT_EXCEEDED", message="A maximum of 5 velocity rules.")

    carry_out(replace_rules(rules=[rule()], by=admin_person).pk, client=provider.client())

    call = ProviderCall.objects.get()
    assert (call.state, call.message) == ("REFUSED", "A maximum of 5 velocity rules.")
    assert stored() == []


def test_an_answer_that_got_lost_is_looked_up(admin_person: User, provider: FakeTransport) -> None:
    provider.refuse("PUT", PLACE, 502)
    provider.reply("GET", PLACE, {"rules": [rule().to_json()]})
    call = replace_rules(rules=[rule()], by=admin_person)

    carry_out(call.pk, client=provider.client())
    ProviderCall.objects.update(next_attempt_at=timezone.now())
    carry_out(call.pk, client=provider.client())

    assert ProviderCall.objects.get().state == "DONE"
    assert len(provider.calls_to("PUT", PLACE)) == 1
    assert stored() == [(3, 60)]


def test_no_rules_at_all_is_a_wish_too(admin_person: User, provider: FakeTransport) -> None:
    follow_rules([rule()])
    provider.reply("PUT", PLACE, {"rules": []})

    carry_out(replace_rules(rules=[], by=admin_person).pk, client=provider.client())

    assert stored() == []


def test_the_rules_are_read_once_an_hour(provider: FakeTransport) -> None:
    provider.reply("GET", PLACE, {"rules": [rule(5, 3600).to_json()]})
    client, now = provider.client(), timezone.now()

    refresh_if_stale(client=client, now=now)
    refresh_if_stale(client=client, now=now + timedelta(minutes=59))

    assert stored() == [(5, 3600)]
    assert len(provider.calls) == 1


def test_an_old_answer_does_not_undo_an_admins_change(monkeypatch: pytest.MonkeyPatch, provider: FakeTransport) -> None:
    provider.reply("GET", PLACE, {"rules": []})

    def meanwhile(client: Client) -> list[Any]:
        follow_rules([rule(3, 60)])
        return []

    monkeypatch.setattr(Client, "get_velocity_rules", meanwhile)
    refresh_if_stale(client=provider.client(), now=timezone.now())

    assert stored() == [(3, 60)]
    assert VelocityRuleSet.objects.count() == 1
