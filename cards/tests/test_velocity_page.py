import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards.models import VelocityRule
from cards.velocity_rules import follow_rules, replace_rules
from cryptomate import VelocityRule as RemoteRule
from provider.models import CallState, ProviderCall

pytestmark = pytest.mark.django_db

PAGE = "/cards/velocity/"
THREE_A_MINUTE = RemoteRule(max_authorizations=3, time_window_seconds=60)


def test_the_page_has_its_address() -> None:
    assert reverse("cards:velocity_rules") == PAGE


@pytest.mark.parametrize("name", ["officer", "support"])
def test_officers_and_support_read_the_rules_and_see_no_form(
    name: str, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))
    follow_rules([THREE_A_MINUTE])

    page = client.get(PAGE).content.decode()

    assert "1 min" in page
    assert "Replace velocity rules" not in page


def test_somebody_without_any_right_is_refused(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("nobody"))

    assert client.get(PAGE).status_code == 403


def test_an_officer_who_sends_the_form_all_the_same_is_refused(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert client.post(PAGE, {"most_1": "1", "seconds_1": "60"}).status_code == 403
    assert not ProviderCall.objects.exists()


def test_an_admin_replaces_the_rules(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)

    answer = client.post(PAGE, {"most_1": "3", "seconds_1": "60", "most_3": "10", "seconds_3": "3600"})

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert ProviderCall.objects.get().payload == {
        "rules": [
            {"max_authorizations": 3, "time_window_seconds": 60},
            {"max_authorizations": 10, "time_window_seconds": 3600},
        ]
    }
    assert "on their way to CryptoMate" in client.get(PAGE).content.decode()
    assert not VelocityRule.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"most_1": "3"}, "A rule needs both numbers."),
        ({"seconds_2": "60"}, "A rule needs both numbers."),
        ({"most_1": "many", "seconds_1": "60"}, "Write a whole number."),
        ({"most_1": "0", "seconds_1": "60"}, "Count from 1."),
        ({"most_1": "3", "seconds_1": "60", "most_2": "5", "seconds_2": "60"}, "Two rules have the same window."),
        ({"most_1": "3", "seconds_1": "99999999"}, "at most a year long"),
    ],
)
def test_what_is_no_rule_is_kept_and_explained(
    data: dict[str, str], words: str, client: Client, admin_person: User
) -> None:
    client.force_login(admin_person)

    answer = client.post(PAGE, data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert all(f'value="{value}"' in page for value in data.values())
    assert not ProviderCall.objects.exists()


def test_rules_sent_while_others_are_being_set_are_refused_with_a_sentence(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    replace_rules(rules=[THREE_A_MINUTE], by=admin_person)

    answer = client.post(PAGE, {"most_1": "9", "seconds_1": "60"})

    assert answer.status_code == 409
    assert "still under way" in answer.content.decode()


def test_the_providers_refusal_is_shown_in_its_words(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    call = replace_rules(rules=[THREE_A_MINUTE], by=admin_person)
    now = timezone.now()
    ProviderCall.objects.filter(pk=call.pk).update(
        state=CallState.REFUSED, sent_at=now, answered_at=now, next_attempt_at=None
    )
    call.refresh_from_db()
    call.message = "A maximum of 5 velocity rules are allowed per company."
    call.save(update_fields=["message"])

    page = client.get(PAGE).content.decode()

    assert "CryptoMate refused setting the velocity rules" in page
    assert "A maximum of 5 velocity rules are allowed per company." in page


def test_the_list_follows_while_rules_are_being_set_and_rests_otherwise(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    follow_rules([THREE_A_MINUTE])
    at_rest = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    replace_rules(rules=[], by=admin_person)

    moving = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()

    assert "hx-trigger" not in at_rest
    assert "load delay:500ms" in moving
    assert "<form" not in moving
