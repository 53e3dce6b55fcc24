"""What a customer has handed over, in the provider's keys: what it no longer misses was supplied, or is not needed."""

from collections.abc import Collection, Iterable

from cryptomate import DataRequirement, RequirementField
from customers.columns import is_held
from customers.differences import Answer, data_key, document_key
from customers.models import Customer
from customers.requirements import requirements_of
from customers.statuses import DocumentStatus


def supplied_keys(customer: Customer, answers: Iterable[Answer]) -> set[str]:
    """Return the keys, as differences name them, of what these answers speak of and the provider was sent."""
    sent = {document_key(requirement) for requirement in _sent(customer)}
    held = {data_key(wanted.key) for wanted in _fields(answers) if is_held(customer, wanted)}
    return sent | held


def _sent(customer: Customer) -> Collection[str]:
    return customer.documents.filter(status=DocumentStatus.UPLOADED).values_list("requirement", flat=True)


def _fields(answers: Iterable[Answer]) -> Iterable[RequirementField]:
    for answer in answers:
        for requirement in requirements_of(answer.missing):
            if isinstance(requirement, DataRequirement):
                yield from requirement.fields
        for item in answer.rejected:
            yield RequirementField(key=str(item.get("key", "")), name="", data_type="", required=False, options=())
