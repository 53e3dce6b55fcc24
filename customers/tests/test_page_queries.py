"""A page about one customer costs as many queries for many requirements as for one."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cryptomate.testing import passport_requirement, phone_requirement
from customers.models import EnablementRequest, StatusChange
from customers.tests.making import make_customer, make_document, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

STATES = [("PENDING_DOCUMENTATION", "UPLOADED"), ("PENDING_DOCUMENTATION", "DRAFT"), ("REJECTED", "DRAFT")]


def request_with(number: int, *, status: str, document_status: str) -> EnablementRequest:
    asked: Any = {
        "documents": [{**passport_requirement(), "id": f"document-{each}"} for each in range(number)],
        "data": [{**phone_requirement(), "id": f"data-{each}"} for each in range(number)],
    }
    customer = make_customer(api_id=f"client-{number}")
    request = make_request(customer, missing=asked, status=status, api_id=f"request-{number}")
    for each in range(number):
        make_document(request, requirement=f"document-{each}", status=document_status)
    return request


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(("status", "document_status"), STATES)
@pytest.mark.parametrize("page", ["", "progress/?seen=x"])
def test_fifteen_documents_cost_as_much_as_one(
    page: str, status: str, document_status: str, as_officer: Client
) -> None:
    one, many = (request_with(number, status=status, document_status=document_status).customer_id for number in (1, 15))

    assert cost(as_officer, f"/customers/{many}/{page}") == cost(as_officer, f"/customers/{one}/{page}") <= 40


def test_ten_status_changes_cost_an_admin_as_much_as_one(client: Client, admin_person: User, officer: User) -> None:
    client.force_login(admin_person)
    addresses = []
    for number in (1, 10):
        customer = make_customer(api_id=f"client-{number}")
        addresses.append(f"/admin/customers/customer/{customer.pk}/change/")
        for _ in range(number):
            StatusChange.objects.create(
                machine="customer", object_id=customer.pk, customer=customer, from_status="PENDING",
                to_status="ACTIVE", source="OFFICER", by=officer, at=timezone.now(),
            )  # fmt: skip

    one, many = (cost(client, address) for address in addresses)
    assert many <= one
