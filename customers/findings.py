"""What is wrong with a document's images: errors keep them from being sent, warnings ask for a reason."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.utils import timezone

from customers.expiry import expires_soon
from customers.models import Customer, Document
from customers.pictures import SAME, sent_with
from customers.policies import NotAllowed
from customers.readings import expiry_of
from customers.statuses import DocumentStatus
from customers.thresholds import thresholds_for
from imaging.judging import Finding, Thresholds, judge, usual

SIDES = ("front", "back")
EXPIRES_SOON = "expires_soon"
MOST_LOOKED_AT = 20  # documents with the same picture: one is enough to say


class Judge:
    """Judges the images of one type of document of one customer."""

    def __init__(self, customer: Customer | None, document_type: str) -> None:
        self.customer, self.document_type = customer, document_type
        self._before: dict[str, list[Finding]] = {}

    @cached_property
    def thresholds(self) -> Thresholds:
        return thresholds_for(self.document_type) if self.customer else usual(self.document_type)

    def findings(self, measured: Mapping[str, Any], likeness: str) -> list[Finding]:
        """Return what is wrong with one image, errors first."""
        judged = judge(measured.get("measures", {}), self.thresholds)
        return [*judged, *self._seen_before(likeness)]

    def _seen_before(self, likeness: str) -> list[Finding]:
        if self.customer and likeness not in self._before:
            self._before[likeness] = seen_before(likeness, self.customer)
        return self._before.get(likeness, [])

    def findings_on(self, document: Document) -> dict[str, list[Finding]]:
        """Return what is wrong with each stored side."""
        sides = [side for side in SIDES if document.image(side)]
        return {side: self.findings(document.measurements.get(side, {}), document.likeness(side)) for side in sides}


def seen_before(likeness: str, customer: Customer) -> list[Finding]:
    """Return whether the provider refused this picture before, and whether another customer sent it."""
    sent = sent_with(likeness).select_related("customer").order_by("-uploaded_at")[:MOST_LOOKED_AT]
    refused = [each for each in sent if each.status == DocumentStatus.REJECTED or each.reason]
    elsewhere = [each for each in sent if each.customer_id != customer.pk]
    found = [_as_warning("refused_before", _refused_before(each)) for each in refused[:1]]
    return found + [_as_warning("used_elsewhere", _used_elsewhere(each)) for each in elsewhere[:1]]


def _as_warning(code: str, sentence: str) -> Finding:
    return Finding(code, "warning", sentence, measured=SAME, limit=SAME)


def _refused_before(document: Document) -> str:
    said = f": “{document.reason}”" if document.reason else ""
    return f"CryptoMate refused this picture before{said}. Take a new photo."


def _used_elsewhere(document: Document) -> str:
    return f"The same picture was sent for {document.customer.full_name}. Make sure that it belongs to this customer."


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity == "error"]


def warnings_in(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity == "warning"]


def check_may_go(document: Document, *, reason: str) -> list[str]:
    """Return the warnings that the reason overrides. Raises NotAllowed where an image may not be sent."""
    found = Judge(document.customer, document.document_type).findings_on(document)
    for side, findings in found.items():
        for error in errors_in(findings):
            raise NotAllowed(f"{side.title()} image: {error.sentence}")
    codes = [f"{side}: {each.code}" for side, findings in found.items() for each in warnings_in(findings)]
    if expires_soon(expiry_of(document), today=timezone.localdate()):
        codes.append(EXPIRES_SOON)
    if codes and not reason:
        raise NotAllowed("There are warnings about this document. Say why it is sent as it is.")
    return codes
