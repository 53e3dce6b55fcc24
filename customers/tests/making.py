"""Rows for tests, as short as a test's first lines should be."""

from datetime import date
from typing import Any

from django.utils import timezone

from cryptomate.testing import passport_requirement, phone_requirement
from customers.models import Customer, Document, EnablementRequest, RequirementSnapshot

FINANCES = {
    "individual_cards": True, "gender": "FEMALE", "id_type": "PASSPORT", "occupation": "Architect",
    "annual_salary": "25000-50000", "account_purpose": "travel", "expected_monthly_volume": "500-2000",
}  # fmt: skip

MARIA: dict[str, Any] = {
    "first_name": "Maria", "last_name": "Barber", "email": "mjuliabarber@example.com", "birth_date": date(1984, 11, 21),
    "street_line1": "Florida 9860", "city": "Del Viso", "postal_code": "1669", "state": "ARG-B", "country": "ARG",
}  # fmt: skip

MISSING = {"documents": [passport_requirement()], "data": [phone_requirement()]}
NOTHING_MISSING: dict[str, list[Any]] = {"documents": [], "data": []}


def make_customer(**changes: Any) -> Customer:
    """Return a stored customer with individual cards; registered unless `api_id=None`."""
    registered = {"api_id": "client-1", "remote_status": "pending"}
    return Customer.objects.create(**{**MARIA, **FINANCES, "id_number": "AB1234567", **registered, **changes})


def make_request(customer: Customer, *, missing: Any = MISSING, **changes: Any) -> EnablementRequest:
    """Return a stored request with one snapshot of what is missing."""
    defaults = {"api_id": f"request-{EnablementRequest.objects.count() + 1}", "status": "PENDING_DOCUMENTATION"}
    request = EnablementRequest.objects.create(
        customer=customer, missing_requirements=missing, **{**defaults, **changes}
    )
    RequirementSnapshot.objects.create(request=request, occasion="REQUEST", missing_requirements=MISSING, digest="1")
    return request


def make_document(request: EnablementRequest, **changes: Any) -> Document:
    """Return a stored document for the passport requirement, without images; a draft unless `status` says more."""
    values = {"requirement": "identity_document", "document_type": "passport", **changes}
    if values.get("status", "DRAFT") not in ("DRAFT", "SUPERSEDED"):
        values.setdefault("uploaded_at", timezone.now())
    return Document.objects.create(customer=request.customer, request=request, **values)
