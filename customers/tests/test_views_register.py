import uuid
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import Event
from customers.models import Customer
from customers.statuses import RequestStatus
from customers.tests.making import make_customer, make_request
from customers.tests.typed import CARDS_TYPED, MARIA_TYPED, typed
from provider.models import CallKind, Country, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

NEW = "/customers/new/"
LABELS = [
    "First name", "Second name", "Last name", "Email", "Date of birth", "Phone country code", "Phone number", "Country",
    "State", "Street line 1", "Street line 2", "City", "Postal code", "Individual cards", "Gender", "ID type",
    "ID number", "Occupation", "Annual salary", "Account purpose", "Expected monthly volume",
]  # fmt: skip


def test_the_form_offers_what_the_guide_asks_for(as_officer: Client) -> None:
    page = as_officer.get(NEW).content.decode()

    for label in LABELS:
        assert f">{label}</label>" in page
    assert "Create customer</button>" in page


def test_a_new_customer_is_kept_and_wanted_at_the_provider(as_officer: Client, officer: User) -> None:
    answers = typed()

    response = as_officer.post(NEW, answers)

    customer = Customer.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("customers:detail", args=[customer.pk])
    assert str(customer.pk) == answers["id"]
    assert customer.created_by == officer
    assert ProviderCall.objects.get(kind=CallKind.REGISTER_CLIENT).target_id == customer.pk


def test_a_form_sent_twice_makes_one_customer(as_officer: Client) -> None:
    answers = typed()
    as_officer.post(NEW, answers)

    response = as_officer.post(NEW, answers, follow=True)

    assert Customer.objects.count() == 1
    assert ProviderCall.objects.count() == 1
    assert "had created the customer already" in response.content.decode()


def test_a_form_brought_back_for_somebody_else_keeps_what_was_typed(as_officer: Client) -> None:
    answers = typed()
    as_officer.post(NEW, answers)

    refused = as_officer.post(NEW, {**answers, "first_name": "Pedro", "email": "pedro@example.com"})
    fresh_id = refused.context["form"]["id"].value()
    pedro = {"first_name": "Pedro", "email": "pedro@example.com", "id_number": "CD7654321"}
    created = as_officer.post(NEW, {**answers, **pedro, "id": fresh_id})

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "This form created Maria Julia Barber already" in page
    assert 'value="Pedro"' in page
    assert f'value="{fresh_id}"' in page
    assert created.status_code == 302
    assert {each.first_name for each in Customer.objects.all()} == {"Maria", "Pedro"}


def test_another_conflict_in_the_database_is_not_taken_for_a_form_sent_twice(
    as_officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.forms.CARD_FIELDS", ())
    as_officer.raise_request_exception = False

    assert as_officer.post(NEW, typed(occupation="")).status_code == 500


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id_number": "ZZ1"}, "email"),
        ({"id_number": "ZZ1", "email": "MJuliaBarber@example.com"}, "email"),
        ({"email": "m@example.com"}, "id_number"),
        ({"email": "m@example.com", "id_number": "ab-123.4567"}, "id_number"),
    ],
    ids=["email", "email in other letters", "number", "number with marks"],
)
def test_somebody_who_may_be_registered_already_is_shown_and_can_be_another_person(
    as_officer: Client, changes: dict[str, str], field: str
) -> None:
    maria = make_customer()
    answers = typed(**changes)

    doubted = as_officer.post(NEW, answers)
    confirmed = as_officer.post(NEW, {**answers, "is_another_person": "on"})

    page = doubted.content.decode()
    assert doubted.status_code == 422
    assert list(doubted.context["form"].errors) == [field]
    assert f'<a href="/customers/{maria.pk}/">Maria Barber</a> has this' in page
    assert "This is another person</label>" in page
    assert confirmed.status_code == 302


def test_nobody_is_asked_whether_a_new_person_is_another(as_officer: Client) -> None:
    make_customer()

    assert "This is another person" not in as_officer.get(NEW).content.decode()
    assert as_officer.post(NEW, typed(email="p@example.com", id_number="ZZ1")).status_code == 302


def test_wrong_input_comes_back_with_everything_typed(as_officer: Client) -> None:
    response = as_officer.post(NEW, typed(email="maria", city="Del Viso", occupation="Architect"))

    page = response.content.decode()
    assert response.status_code == 422
    assert "1 answer needs a change" in page
    assert 'href="#id_email"' in page
    for kept in ('value="maria"', 'value="Del Viso"', 'value="Architect"', '<option value="ARG-B" selected>'):
        assert kept in page
    assert not Customer.objects.exists()


def test_an_empty_form_is_refused(as_officer: Client) -> None:
    assert as_officer.post(NEW, {}).status_code == 422


def test_without_countries_the_form_says_what_to_do(as_officer: Client) -> None:
    Country.objects.all().delete()

    page = as_officer.get(NEW).content.decode()

    assert "Countries are not here yet" in page
    assert "disabled>Create customer" in page


def test_a_change_in_edit_overtakes_an_earlier_answer_from_the_providers_list(as_officer: Client) -> None:
    customer = make_customer(occupation="CHEF", answers={"occupation": "CHEF", "annual_salary": "LOW"})

    as_officer.post(f"/customers/{customer.pk}/edit/", typed(id=None, id_number="", occupation="Pilot"))

    customer.refresh_from_db()
    assert customer.answers == {"occupation": "Pilot", "annual_salary": "LOW"}


@pytest.mark.parametrize("word", ["\0", "A\0G", "QQQ", "\ud800"], ids=["nul", "nul inside", "unknown", "surrogate"])
def test_a_country_nobody_offered_is_refused_at_its_field(word: str, as_officer: Client) -> None:
    address = f"/customers/{make_customer().pk}/edit/"

    for page in (NEW, address):
        answer = as_officer.post(page, typed(country=word.encode(errors="surrogatepass")))
        assert answer.status_code == 422
        assert "Choose the country from the list." in answer.content.decode()
    assert as_officer.get(f"/customers/subdivisions/?country={quote(word, errors='surrogatepass')}").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"), [("phone_number", "9" * 5000), ("phone_country_code", "9" * 5000), ("id_number", "---")]
)
def test_a_number_that_is_none_is_refused_at_its_field(name: str, value: str, as_officer: Client) -> None:
    answer = as_officer.post(NEW, typed(**{"phone_country_code": "54", "phone_number": "1168860622", name: value}))

    assert answer.status_code == 422
    assert f'href="#id_{name}"' in answer.content.decode()


def test_another_country_brings_its_states_and_id_types(as_officer: Client) -> None:
    page = as_officer.get("/customers/subdivisions/", {"country": "BRA"}).content.decode()

    assert "BRA-SP" in page
    assert "ARG-B" not in page
    assert '<option value="CPF">' in page
    assert "12345-678" in page


def test_without_a_script_a_change_of_country_is_answered_with_its_states(as_officer: Client) -> None:
    page = as_officer.post(NEW, typed(country="BRA", state="ARG-B", id_type="CPF")).content.decode()

    assert '<option value="BRA-SP">' in page
    assert "Choose the state from the list." in page


def test_edit_shows_the_data_and_saves_the_whole_of_it(as_officer: Client) -> None:
    customer = make_customer()
    address = reverse("customers:edit", args=[customer.pk])

    page = as_officer.get(address).content.decode()
    response = as_officer.post(address, {**MARIA_TYPED, **CARDS_TYPED, "city": "Pilar", "id_number": ""})

    customer.refresh_from_db()
    assert 'value="Del Viso"' in page
    assert response.status_code == 302
    assert (customer.city, customer.id_number) == ("Pilar", "AB1234567")
    assert ProviderCall.objects.filter(kind=CallKind.UPDATE_CLIENT).exists()
    assert Event.objects.filter(kind="customer.updated", actor_name="officer").exists()


def test_edit_refuses_wrong_input_and_changes_nothing(as_officer: Client) -> None:
    customer = make_customer()

    response = as_officer.post(reverse("customers:edit", args=[customer.pk]), {**MARIA_TYPED, "city": ""})

    customer.refresh_from_db()
    assert response.status_code == 422
    assert customer.city == "Del Viso"


def test_of_two_officers_who_edit_at_once_the_second_is_told_and_keeps_what_was_typed(as_officer: Client) -> None:
    customer = make_customer()
    seen = customer.version
    typed_by = {name: typed(city=name, seen=seen) for name in ("Pilar", "Luján")}
    as_officer.post(f"/customers/{customer.pk}/edit/", typed_by["Pilar"])

    answer = as_officer.post(f"/customers/{customer.pk}/edit/", typed_by["Luján"])

    page = answer.content.decode()
    customer.refresh_from_db()
    assert answer.status_code == 409
    assert customer.city == "Pilar"
    assert "Somebody changed this customer while you were editing" in page
    assert 'value="Luján"' in page
    assert f'name="seen" value="{customer.version}"' in page


def test_edit_is_refused_while_the_review_runs(as_officer: Client) -> None:
    customer = make_customer()
    make_request(customer, status=RequestStatus.IN_KYC)

    response = as_officer.post(
        reverse("customers:edit", args=[customer.pk]), {**MARIA_TYPED, **CARDS_TYPED, "city": "Pilar"}
    )

    customer.refresh_from_db()
    assert response.status_code == 409
    assert "Data can be changed after the verdict." in response.content.decode()
    assert 'value="Pilar"' in response.content.decode()
    assert customer.city == "Del Viso"


@pytest.mark.parametrize("name", ["new", "edit"])
def test_support_neither_registers_nor_edits(name: str, as_support: Client) -> None:
    address = NEW if name == "new" else reverse("customers:edit", args=[make_customer().pk])

    assert as_support.get(address).status_code == 403
    assert as_support.post(address, typed()).status_code == 403
    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize("address", ["/customers/", NEW, "/customers/subdivisions/", f"/customers/{uuid.UUID(int=7)}/"])
def test_a_stranger_signs_in_first(address: str, client: Client) -> None:
    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={address}"


def test_a_customer_that_is_not_there_is_not_found(as_officer: Client) -> None:
    for page in ("", "edit/", "progress/"):
        assert as_officer.get(f"/customers/{uuid.uuid4()}/{page}").status_code == 404
