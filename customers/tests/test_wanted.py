"""What a request wants stands beside its encrypted answer by the provider's names, and never by a person's data."""

import pytest

from cryptomate import ProductRequest
from cryptomate.testing import passport_requirement, phone_requirement, request_json
from customers.following import follow_request
from customers.models import EnablementRequest, RequirementSnapshot
from customers.statuses import Source
from customers.tests.making import make_customer, make_request

pytestmark = pytest.mark.django_db


def names(request: EnablementRequest) -> tuple[list[str], list[str], list[str]]:
    row = EnablementRequest.objects.get(pk=request.pk)
    return row.wanted_requirements, row.wanted_documents, row.refused_keys


def test_only_what_keeps_a_request_from_being_submitted_is_wanted() -> None:
    optional = {**passport_requirement(), "id": "proof_of_address", "required": False}
    missing = {"documents": [passport_requirement(), optional], "data": [phone_requirement()]}
    blurred = {"type": "document", "key": "passport", "reason": "blurred photo of Maria Barber"}

    request = make_request(make_customer(), missing=missing, rejected_items=[blurred])

    assert names(request) == (["personal_information", "identity_document"], ["passport"], ["passport"])


def test_the_next_answer_of_the_provider_changes_what_is_wanted() -> None:
    request = make_request(make_customer())
    answer = request_json(id=request.api_id, missing_requirements={"documents": [], "data": [phone_requirement()]})

    remote = ProductRequest.from_json(answer)
    follow_request(request.customer, remote, occasion=RequirementSnapshot.Occasion.SYNC, source=Source.SYNC)

    assert names(request) == (["personal_information"], [], [])
