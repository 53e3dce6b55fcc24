import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.tests.making import NOTHING_MISSING, make_customer, make_request
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def section(page: str, name: str) -> str:
    return page.partition(f'id="queue-{name}"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("status", "missing", "where", "words"),
    [
        ("PENDING_DOCUMENTATION", None, "ours", "Missing: Personal information, Identity document"),
        ("PENDING_DOCUMENTATION", NOTHING_MISSING, "ours", "Complete: submit for review"),
        ("REJECTED", NOTHING_MISSING, "ours", "Refused: correct and submit again"),
        ("IN_KYC", NOTHING_MISSING, "provider", "In review"),
    ],
)
def test_a_case_stands_where_it_waits(as_officer: Client, status: str, missing: object, where: str, words: str) -> None:
    request = make_request(make_customer(), status=status, **({"missing": missing} if missing else {}))

    page = as_officer.get("/").content.decode()

    assert words in section(page, where)
    assert str(request.customer_id) in section(page, where)


def test_a_customer_who_is_through_waits_nowhere(as_officer: Client) -> None:
    request = make_request(make_customer(status="ACTIVE"), status="ENABLED")

    assert str(request.customer_id) not in as_officer.get("/").content.decode()


def test_only_the_newest_request_of_a_customer_counts(as_officer: Client) -> None:
    customer = make_customer(status="REJECTED")
    make_request(customer, status="REJECTED")
    make_request(customer, status="IN_KYC")

    page = as_officer.get("/").content.decode()

    assert str(customer.pk) not in section(page, "ours")
    assert str(customer.pk) in section(page, "provider")


def test_a_call_without_an_answer_comes_first(as_officer: Client) -> None:
    customer = make_customer(api_id=None)
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.UNKNOWN, sent_at=timezone.now())

    page = as_officer.get("/").content.decode()

    assert "Register the customer" in section(page, "unknown")


def test_a_refused_registration_is_not_forgotten(as_officer: Client) -> None:
    customer = make_customer(api_id=None)
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)
    now = timezone.now()
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.REFUSED, sent_at=now, answered_at=now)

    assert "The provider refused the registration" in section(as_officer.get("/").content.decode(), "ours")


def test_the_queue_costs_the_same_however_long_it_is(as_officer: Client, django_assert_max_num_queries: object) -> None:
    for number in range(5):
        make_request(make_customer(api_id=f"client-{number}", email=f"{number}@example.com"))

    with django_assert_max_num_queries(9):  # type: ignore[operator]
        as_officer.get("/queue/cases/")


def test_support_looks_but_is_offered_no_new_customer(client: Client, support: User) -> None:
    client.force_login(support)

    page = client.get("/")

    assert page.status_code == 200
    assert b"New customer" not in page.content


def test_a_post_is_not_allowed(as_officer: Client) -> None:
    assert as_officer.post("/").status_code == 405
