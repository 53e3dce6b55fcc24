"""Limits for photos, chosen in Django admin."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from audit.models import Event
from customers.policies import NotAllowed
from customers.threshold_actions import choose_threshold, drop_threshold
from customers.thresholds import QualityThreshold, names, thresholds_for
from imaging.judging import usual

pytestmark = pytest.mark.django_db

LIMIT = "least_width_refused"
ADD = "/admin/customers/qualitythreshold/add/"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def test_where_nobody_chose_anything_the_usual_limits_count() -> None:
    assert thresholds_for("passport") == usual("passport")


def test_an_admin_chooses_a_limit_which_is_on_record(as_admin: Client) -> None:
    answer = as_admin.post(ADD, {"document_type": "passport", "name": LIMIT, "value": "650"})

    event = Event.objects.get(kind="threshold.chosen")
    assert answer.status_code == 302
    assert thresholds_for("passport").least_width_refused == 650
    assert thresholds_for("national_id").least_width_refused == usual("national_id").least_width_refused
    assert event.actor_name == "admin"
    assert event.detail == {"after": {"document_type": "passport", "limit": LIMIT, "value": 650.0}}


def test_dropping_a_limit_brings_the_usual_one_back(as_admin: Client) -> None:
    chosen = QualityThreshold.objects.create(name=LIMIT, value=650)

    as_admin.post(f"/admin/customers/qualitythreshold/{chosen.pk}/delete/", {"post": "yes"})

    assert thresholds_for("passport") == usual("passport")
    assert Event.objects.get(kind="threshold.dropped").actor_name == "admin"


def test_limits_dropped_together_are_each_on_record(as_admin: Client) -> None:
    for name in (LIMIT, "least_width_doubtful"):
        QualityThreshold.objects.create(name=name, value=650)
    picked = {"action": "delete_selected", "_selected_action": [each.pk for each in QualityThreshold.objects.all()]}

    as_admin.post("/admin/customers/qualitythreshold/", {**picked, "post": "yes"})

    assert not QualityThreshold.objects.exists()
    assert Event.objects.filter(kind="threshold.dropped").count() == 2


@pytest.mark.parametrize("value", ["-1", "many", "1e9", "nan", "inf", ""])
def test_what_is_no_limit_is_refused_at_its_field(as_admin: Client, value: str) -> None:
    answer = as_admin.post(ADD, {"document_type": "", "name": LIMIT, "value": value})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not QualityThreshold.objects.exists()


def test_the_list_shows_what_was_usual(as_admin: Client) -> None:
    QualityThreshold.objects.create(document_type="passport", name=LIMIT, value=650)

    page = as_admin.get("/admin/customers/qualitythreshold/").content.decode()

    assert "passport: least width, refused" in page
    assert f"{usual('passport').least_width_refused:g}" in page


def test_every_limit_of_the_code_can_be_chosen(as_admin: Client) -> None:
    page = as_admin.get(ADD).content.decode()

    assert all(f'value="{name}"' in page for name, _ in names())


def test_an_officer_chooses_no_limit(officer: User) -> None:
    threshold = QualityThreshold(name=LIMIT, value=650)

    with pytest.raises(NotAllowed):
        choose_threshold(threshold=threshold, by=officer)
    assert not QualityThreshold.objects.exists()

    threshold.save()
    with pytest.raises(NotAllowed):
        drop_threshold(threshold=threshold, by=officer)
    assert QualityThreshold.objects.exists()


def test_the_database_keeps_one_limit_of_a_kind_and_none_below_zero() -> None:
    QualityThreshold.objects.create(document_type="passport", name=LIMIT, value=1)

    with pytest.raises(IntegrityError, match="one_threshold_per_type_and_limit"):
        QualityThreshold.objects.create(document_type="passport", name=LIMIT, value=2)


def test_the_database_takes_no_limit_below_zero() -> None:
    with pytest.raises(IntegrityError, match="threshold_is_not_negative"):
        QualityThreshold.objects.create(name=LIMIT, value=-1)


def test_a_limit_that_the_code_no_longer_knows_counts_for_nothing() -> None:
    QualityThreshold.objects.create(name="least_of_something_refused", value=1)

    assert thresholds_for("passport") == usual("passport")
