"""The states of a customer and of an enablement request, which may follow which, and the provider's words for them."""

from django.db import models


class CustomerStatus(models.TextChoices):
    PENDING = "PENDING", "Pending"
    ACTIVE = "ACTIVE", "Active"
    REJECTED = "REJECTED", "Rejected"

    @property
    def meaning(self) -> str:
        return {"PENDING": "waiting", "ACTIVE": "good", "REJECTED": "bad"}[self.value]


class RequestStatus(models.TextChoices):
    REQUESTED = "REQUESTED", "Requested"
    PENDING_DOCUMENTATION = "PENDING_DOCUMENTATION", "Documents needed"
    IN_KYC = "IN_KYC", "In review"
    ENABLED = "ENABLED", "Enabled"
    REJECTED = "REJECTED", "Refused"

    @property
    def meaning(self) -> str:
        return {"ENABLED": "good", "REJECTED": "bad"}.get(self.value, "waiting")


class DocumentStatus(models.TextChoices):
    DRAFT = "DRAFT", "Not sent yet"
    UPLOADED = "UPLOADED", "Uploaded"
    REJECTED = "REJECTED", "Refused"
    SUPERSEDED = "SUPERSEDED", "Replaced"

    @property
    def meaning(self) -> str:
        return {"UPLOADED": "good", "REJECTED": "bad", "DRAFT": "waiting"}.get(self.value, "neutral")


class Source(models.TextChoices):
    OFFICER = "OFFICER", "a person"
    SYNC = "SYNC", "the provider, when asked"
    WEBHOOK = "WEBHOOK", "the provider, by webhook"
    SYSTEM = "SYSTEM", "the portal"


Transitions = dict[str, frozenset[str]]

C, R, D = CustomerStatus, RequestStatus, DocumentStatus

CUSTOMER_TRANSITIONS: Transitions = {
    C.PENDING: frozenset({C.ACTIVE, C.REJECTED}),
    C.ACTIVE: frozenset({C.REJECTED, C.PENDING}),  # the provider took it back
    C.REJECTED: frozenset({C.PENDING}),  # resubmission
}

REQUEST_TRANSITIONS: Transitions = {
    R.REQUESTED: frozenset({R.PENDING_DOCUMENTATION}),
    R.PENDING_DOCUMENTATION: frozenset({R.IN_KYC}),
    R.IN_KYC: frozenset({R.ENABLED, R.REJECTED, R.PENDING_DOCUMENTATION}),  # it may want more
    R.ENABLED: frozenset({R.REJECTED}),  # taken back
    R.REJECTED: frozenset(),
}

DOCUMENT_TRANSITIONS: Transitions = {
    D.DRAFT: frozenset({D.UPLOADED, D.REJECTED, D.SUPERSEDED}),
    D.UPLOADED: frozenset({D.REJECTED, D.SUPERSEDED}),
    D.REJECTED: frozenset({D.SUPERSEDED}),
    D.SUPERSEDED: frozenset(),
}

OPEN_REQUEST_STATUSES = [R.REQUESTED, R.PENDING_DOCUMENTATION, R.IN_KYC]

# The provider's words, folded to lower case (contract sections 2.0 and 2.8). A word that is not here changes nothing.
CLIENT_WORDS = {"pending": C.PENDING, "active": C.ACTIVE, "rejected": C.REJECTED}
REQUEST_WORDS = {status.value.lower(): status for status in R}


def customer_status(present: str, *, client: str, request: str | None) -> str:
    """Return the customer's status from the provider's word for the client and the newest request's status.

    A rejected customer stays rejected while a new request is prepared; submitting that one makes it pending.
    An unknown word for the client keeps the present status.
    """
    known = CLIENT_WORDS.get(client.lower())
    if known is None:
        return present
    if known == C.REJECTED or request == R.REJECTED:
        return C.REJECTED
    if known == C.ACTIVE and request == R.ENABLED:
        return C.ACTIVE
    if present == C.REJECTED and request in (None, R.REQUESTED, R.PENDING_DOCUMENTATION):
        return C.REJECTED
    return C.PENDING
