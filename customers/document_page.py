"""One document as it is looked at: its images, what was typed from it, how it stands, and what stood in its place."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptomate import DocumentRequirement, RequirementField, ValidDocument
from customers.checklists import checklist_of
from customers.facts import Fact, facts, in_words
from customers.findings import SIDES, Judge
from customers.images import in_words as size_in_words
from customers.models import Customer, Document
from customers.requirement_cards import Person, ShownSide
from customers.sides import measures_in_words
from imaging.judging import Finding

REFUSED_BEFORE = "refused_before"


@dataclass(frozen=True)
class Version:
    document: Document
    name: str
    is_shown: bool


class MeasuredSide(ShownSide):
    """A side with everything that was measured of it."""

    @property
    def note(self) -> str:
        measured = self.document.measurements.get(self.name)
        if not measured:
            return self.name.title()
        measures = measures_in_words(measured)
        return f"{self.name.title()}, {size_in_words(measured)}{f'. {measures}' if measures else ''}"


@dataclass(frozen=True)
class Remarks:
    """What is wrong with one side, by the limits of today."""

    side: str
    findings: list[Finding]


@dataclass(frozen=True)
class DocumentPage:
    document: Document
    person: Person
    side: str = ""

    @property
    def customer(self) -> Customer:
        return self.document.customer

    @property
    def name(self) -> str:
        return self._name(self.document.document_type)

    @property
    def sides(self) -> list[MeasuredSide]:
        return [MeasuredSide(self.document, side, self.name) for side in SIDES if self.document.image(side)]

    @property
    def first_side(self) -> str:
        """Return the side to show first: the one that was asked for, where there is one."""
        names = [side.name for side in self.sides]
        return self.side if self.side in names else next(iter(names), "")

    @property
    def remarks(self) -> list[Remarks]:
        """Return what is wrong with each side. That this very document was refused the page says by itself."""
        found = Judge(self.customer, self.document.document_type).findings_on(self.document)
        is_own = bool(self.document.reason)
        told = {
            side: [each for each in said if each.code != REFUSED_BEFORE or not is_own] for side, said in found.items()
        }
        return [Remarks(side.title(), findings) for side, findings in told.items() if findings]

    @property
    def typed(self) -> list[Fact]:
        """Return what was typed from the document, by the provider's names for it."""
        option = self._options.get(self.document.document_type)
        asked = {wanted.key: wanted for wanted in option.metadata} if option else {}
        return [_fact(key, answer, asked.get(key)) for key, answer in self.document.metadata.items()]

    @property
    def facts(self) -> list[Fact]:
        return [Fact("Name", self.customer.full_name), *facts(self.customer, self.person)]

    @cached_property
    def versions(self) -> list[Version]:
        """Return everything that was handed over for the same requirement, newest first."""
        same = self.customer.documents.filter(requirement=self.document.requirement)
        return [Version(each, self._name(each.document_type), each.pk == self.document.pk) for each in same]

    def _name(self, document_type: str) -> str:
        option = self._options.get(document_type)
        return option.name if option else document_type

    @cached_property
    def _options(self) -> dict[str, ValidDocument]:
        wanted = checklist_of(self.document.request).find_document(self.document.requirement)
        requirement = wanted.requirement if wanted else None
        offered = requirement.valid_documents if isinstance(requirement, DocumentRequirement) else ()
        return {option.id: option for option in offered}


def find_document(pk: uuid.UUID, *, customer_id: uuid.UUID) -> Document | None:
    """Return one of a customer's documents, with what its page is drawn from."""
    related = ("customer", "request", "uploaded_by")
    return Document.objects.select_related(*related).filter(pk=pk, customer=customer_id).first()


def _fact(key: str, answer: Any, wanted: RequirementField | None) -> Fact:
    labels = {option.value: option.label for option in wanted.options} if wanted else {}
    return Fact(wanted.name if wanted else key, labels.get(answer) or in_words(answer))
