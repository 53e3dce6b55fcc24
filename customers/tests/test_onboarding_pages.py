import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.tests.making import make_customer, make_request

pytestmark = pytest.mark.django_db


def test_officer_sees_one_card_per_requirement(client: Client, officer: User) -> None:
    customer = make_customer()
    make_request(customer)
    client.force_login(officer)

    page = client.get(reverse("customers:detail", args=[customer.pk])).content.decode()

    assert 'id="document-identity_document"' in page
