"""What a requirement's card shows of a document that was read: what it says, what differs, what it can fill in."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from cryptomate import RequirementField, ValidDocument
from customers.document_keys import as_day, expiry_of, number_of
from customers.expiry import earliest, expires_soon, is_expired
from customers.models import Customer, Document, normal_id_number
from customers.readings import WAITING, facts_of, state_of
from customers.requirement_forms import DocumentForm, metadata_name, value_in
from imaging.comparing import Compared, Typed, compare
from imaging.facts import Facts


@dataclass(frozen=True)
class Fill:
    """A field of the form and what the document says belongs there."""

    what: str
    name: str
    field_id: str
    value: str


@dataclass(frozen=True)
class ReadingCard:
    """One document that was or is being read, with what was typed beside it."""

    customer: Customer
    document: Document
    option: ValidDocument | None
    today: date
    form: DocumentForm | None = field(default=None, repr=False)

    @property
    def state(self) -> str:
        return state_of(self.document)

    @property
    def is_waiting(self) -> bool:
        return self.state == WAITING

    @cached_property
    def facts(self) -> Facts | None:
        return facts_of(self.document)

    @cached_property
    def typed(self) -> Typed:
        return Typed(
            surname=self.customer.last_name,
            given_names=f"{self.customer.first_name} {self.customer.second_name}",
            number=str(self._typed(self._number) or self._registered_number or ""),
            birth_date=self.customer.birth_date,
            expiry_date=as_day(self._typed(self._expiry)),
        )

    @cached_property
    def compared(self) -> list[Compared]:
        return compare(self.facts, self.typed) if self.facts else []

    @property
    def differing(self) -> int:
        return sum(not each.agrees for each in self.compared)

    @property
    def expiry(self) -> date | None:
        return earliest([self.typed.expiry_date, self.facts.expiry_date if self.facts else None])

    @property
    def is_expired(self) -> bool:
        return is_expired(self.expiry, today=self.today)

    @property
    def expires_soon(self) -> bool:
        return expires_soon(self.expiry, today=self.today)

    @cached_property
    def fills(self) -> list[Fill]:
        """Return what the document can fill in. A number that had to be mended is for a person to look up."""
        if not (self.form and self.facts):
            return []
        number = "" if self.facts.is_mended else self.facts.number
        expiry = self.facts.expiry_date.isoformat() if self.facts.expiry_date else ""
        offers = [("number", self._number, number), ("expiry", self._expiry, expiry)]
        return [
            self._fill(self.form, name, wanted, value)
            for name, wanted, value in offers
            if wanted and value and normal_id_number(str(self._typed(wanted) or "")) != normal_id_number(value)
        ]

    @property
    def fill_text(self) -> str:
        return f"Fill in {' and '.join(fill.what for fill in self.fills)} from the document"

    def _fill(self, form: DocumentForm, what: str, wanted: RequirementField, value: str) -> Fill:
        bound = form[metadata_name(wanted)]
        return Fill(what, bound.html_name, bound.id_for_label, value)

    @property
    def _number(self) -> RequirementField | None:
        return number_of(self.option) if self.option else None

    @property
    def _expiry(self) -> RequirementField | None:
        return expiry_of(self.option) if self.option else None

    @property
    def _registered_number(self) -> str:
        """Return the ID number of the customer's registration, where that names this kind of document."""
        names = {self.document.document_type.casefold(), self.option.name.casefold() if self.option else ""}
        return self.customer.id_number if self.customer.id_type.casefold() in names else ""

    def _typed(self, wanted: RequirementField | None) -> Any:
        """Return what stands in the form, else what was kept."""
        if wanted is None:
            return None
        if self.form is None:
            return self.document.metadata.get(wanted.key)
        return value_in(self.form[metadata_name(wanted)])


def reading_card(
    customer: Customer, document: Document | None, option: ValidDocument | None, form: Any, *, today: date
) -> ReadingCard | None:
    """Return what there is to show; None where no image was looked at. A form shows the draft it holds."""
    shown = form.draft if isinstance(form, DocumentForm) else document
    if shown is None or not state_of(shown):
        return None
    is_form = isinstance(form, DocumentForm)
    return ReadingCard(customer, shown, form.option if is_form else option, today, form if is_form else None)
