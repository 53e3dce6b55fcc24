"""What the provider said against a request, explained by the table of reasons, and whether that is the end of it."""

from customers.models import EnablementRequest
from customers.naming import name_of_key
from customers.reasons import Explained, ReasonTable
from customers.requirements import Checklist
from customers.statuses import RequestStatus


def verdict(request: EnablementRequest, table: ReasonTable) -> Explained | None:
    """Return the reason the whole request was refused for, where one was given."""
    if request.status != RequestStatus.REJECTED or not (request.rejection_code or request.rejection_description):
        return None
    return table.explain(request.rejection_description, code=request.rejection_code)


def unplaced(found: Checklist, table: ReasonTable) -> list[Explained]:
    """Return the reasons that no card shows, each with what it is about."""
    return [
        table.explain(item.reason, about=name_of_key(item.key) if item.key else "")
        for item in found.unplaced
        if item.reason
    ]


def is_final(request: EnablementRequest, found: Checklist, table: ReasonTable) -> bool:
    """Answer whether something was refused in a way that leaves nothing to try again."""
    if request.status in (RequestStatus.IN_KYC, RequestStatus.ENABLED):
        return False
    said = verdict(request, table)
    return (said is not None and said.is_final) or any(table.explain(words).is_final for words in found.reasons)
