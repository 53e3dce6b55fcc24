"""Django admin is the admins' work tool: everything can be read there, by right and not by a superuser."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.tests.making import make_customer, make_document, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def test_records_link_to_each_other(as_admin: Client) -> None:
    document = make_document(make_request(make_customer()))

    page = as_admin.get(reverse("admin:customers_document_change", args=[document.pk])).content.decode()

    assert reverse("admin:customers_customer_change", args=[document.customer_id]) in page


def test_an_id_number_is_not_shown(as_admin: Client) -> None:
    customer = make_customer(id_number="SECRET1234567")

    page = as_admin.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()

    assert "SECRET1234567" not in page


def test_an_officer_has_no_business_in_the_admin(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert client.get("/admin/").status_code == 302


def test_the_roles_make_no_superuser(officer: User, support: User, admin_person: User) -> None:
    assert not User.objects.filter(is_superuser=True).exists()


def test_an_admin_looks_after_people_but_cannot_make_a_superuser(as_admin: Client) -> None:
    person = User.objects.create_user("newcomer", password="a long password for a newcomer")

    page = as_admin.get(reverse("admin:auth_user_change", args=[person.pk])).content.decode()

    assert 'name="groups"' in page
    assert 'name="is_superuser"' not in page


def test_an_admin_cannot_touch_a_superuser(as_admin: Client) -> None:
    root = User.objects.create_superuser("root", password="a long password for root")

    assert as_admin.get(reverse("admin:auth_user_change", args=[root.pk])).status_code == 302
    assert b"root" not in as_admin.get(reverse("admin:auth_user_changelist")).content


def test_a_forged_field_does_not_make_a_superuser(as_admin: Client, admin_person: User) -> None:
    address = reverse("admin:auth_user_change", args=[admin_person.pk])

    as_admin.post(address, {"username": "admin", "is_active": "on", "is_staff": "on", "is_superuser": "on"})

    admin_person.refresh_from_db()
    assert not admin_person.is_superuser
