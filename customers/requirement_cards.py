"""One card per requirement: where it stands, what stands for it, and the form that supplies it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from django.http import Http404
from django.utils import timezone
from django.utils.text import slugify

from cryptomate import DataRequirement
from customers.checklists import DocumentCard, Held, document_card, held_for, is_uploading, takes_answers
from customers.columns import is_held, is_new_kind
from customers.differences import data_key, document_key
from customers.display import Face, waiting_face
from customers.earlier import MOST_SHOWN, Earlier
from customers.findings import SIDES
from customers.masking import Hide, Sight
from customers.models import Customer, Document, EnablementRequest
from customers.naming import one_of
from customers.reading_cards import ReadingCard, reading_card
from customers.reasons import Explained, ReasonTable
from customers.refusals import is_final
from customers.requirement_forms import DataForm, DocumentForm
from customers.requirements import Checklist, Wanted
from customers.statuses import DocumentStatus, RequestStatus
from customers.unsaved import UnsavedAnswers
from provider.models import CallKind, ProviderCall

AnyForm = DataForm | DocumentForm

ICONS = {"rejected": "cross", "satisfied": "check", "withdrawn": "dash", "open": "clock", "optional": "dash"}


@dataclass(frozen=True)
class Person:
    """What the person looking may do, asked once."""

    may_edit: bool
    may_submit: bool
    may_see_images: bool
    may_issue: bool
    may_see_differences: bool
    may_decide: bool
    may_refresh: bool
    may_make_case_file: bool
    sight: Sight


@dataclass
class Card:
    """What a template needs to draw one requirement."""

    customer: Customer
    request: EnablementRequest
    wanted: Wanted
    person: Person
    handed_over: Held
    table: ReasonTable
    is_asking_anew: bool = False
    is_over: bool = False
    is_offered: bool = True
    unsaved: UnsavedAnswers | None = field(default=None, repr=False)
    is_saving: bool = False
    chosen: str = ""
    bound: AnyForm | None = field(default=None, repr=False)
    refusal: str = ""

    @cached_property
    def hide(self) -> Hide:
        return self.person.sight.hides(self.customer)

    @property
    def anchor(self) -> str:
        kind = "document" if self.wanted.is_document else "data"
        return f"{kind}-{slugify(self.wanted.id) or digest(self.wanted.id)}"

    @cached_property
    def explained(self) -> list[Explained]:
        """Return each reason against it, with what staff do and what the customer may be told."""
        return [replace(self.table.explain(words), words=self.hide(words)) for words in self.wanted.reasons]

    @property
    def one_of(self) -> str:
        options = getattr(self.wanted.requirement, "valid_documents", ())
        return one_of(option.name for option in options) if len(options) > 1 else ""

    @property
    def has_new_kind(self) -> bool:
        return any(map(is_new_kind, self.wanted.values))

    @property
    def meaning(self) -> str:
        if self.wanted.reasons:
            return "rejected"
        if self.wanted.is_withdrawn:
            return "withdrawn"
        if not self.wanted.is_missing:
            return "satisfied"
        return "open" if self.wanted.is_required else "optional"

    @property
    def icon(self) -> str:
        return ICONS[self.meaning]

    @cached_property
    def held(self) -> DocumentCard:
        return document_card(self.request, self.wanted, self.handed_over)

    @property
    def document(self) -> Document | None:
        return self.held.document if self.wanted.is_document else None

    @property
    def call(self) -> ProviderCall | None:
        return self.held.call if self.wanted.is_document else None

    @property
    def is_uploading(self) -> bool:
        return is_uploading(self.call)

    @property
    def waits_for_request(self) -> bool:
        """Answer whether a document waits for the new request that takes it."""
        is_draft = self.document is not None and self.document.status == DocumentStatus.DRAFT
        is_released = self.document is not None and self.document.released_at is not None
        return is_draft and is_released and self.is_asking_anew

    @property
    def face(self) -> Face | None:
        """Return what the document's call is waiting for, or what data that were saved are."""
        if self.waits_for_request:
            return Face("waiting", "Kept", "It is uploaded as soon as CryptoMate has opened the new request.")
        if self.is_uploading and self.call:
            return waiting_face(self.call).through(self.hide)
        if self.is_saving and self.wanted.is_open:
            return Face("waiting", "On its way", "Saved here; CryptoMate has not confirmed it yet.")
        return None

    @property
    def shows_document(self) -> bool:
        """Answer whether a document was handed over: a draft is shown in its form instead."""
        is_draft = self.document is not None and self.document.status == DocumentStatus.DRAFT
        return self.document is not None and (not is_draft or self.is_uploading or self.waits_for_request)

    @property
    def sides(self) -> list["ShownSide"]:
        document = self.document
        return [ShownSide(document, name, self.document_name) for name in SIDES if document and document.image(name)]

    @cached_property
    def earlier(self) -> list[Earlier]:
        """Return what was handed over before, newest first."""
        rows = self.handed_over.earlier.get(self.wanted.id, []) if self.wanted.is_document else []
        return [Earlier(each, self._name_of(each.document_type), self.hide(each.reason)) for each in rows[:MOST_SHOWN]]

    @property
    def document_name(self) -> str:
        return self._name_of(self.document.document_type if self.document else "")

    def _name_of(self, document_type: str) -> str:
        option = self.held.option(document_type)
        return option.name if option else document_type

    @property
    def fields_target(self) -> str:
        return f"#{self.anchor}-fields"

    @property
    def takes_answers(self) -> bool:
        """Answer whether a form belongs on the card: while the requirement is open to people who may answer it."""
        if not self.person.may_edit or self.is_uploading or self.waits_for_request:
            return False
        return self.is_offered and not self.is_over

    def is_as_drawn(self, before: str) -> bool:
        """Answer whether the card stands as it did when the form on it was drawn; a form that says nothing may go."""
        return not before or before == self.digest

    @property
    def is_shut(self) -> bool:
        return self.meaning in ("satisfied", "withdrawn") and self.bound is None and not self.refusal

    @cached_property
    def form(self) -> AnyForm | None:
        if self.bound is not None:
            return self.bound
        if not self.takes_answers:
            return None
        return self.document_form() if self.wanted.is_document else self.data_form()

    @cached_property
    def reading(self) -> ReadingCard | None:
        """Return what was read from its images, for people who may see those."""
        if not (self.wanted.is_document and self.person.may_see_images):
            return None
        option = self.held.option(self.document.document_type) if self.document else None
        return reading_card(self.customer, self.document, option, self.form, today=timezone.localdate())

    def data_form(self, data: Any = None) -> DataForm:
        requirement = cast("DataRequirement", self.wanted.requirement)
        return DataForm(requirement, self.customer, anchor=self.anchor, data=data, typed=self.typed)

    def document_form(self, data: Any = None, files: Any = None) -> DocumentForm:
        chosen = str(data.get("document_type", "")) if data is not None else self._chosen
        return DocumentForm(
            self.held,
            anchor=self.anchor,
            chosen=chosen,
            data=data,
            typed=self.typed,
            customer=self.customer,
            files=files,
        )

    @property
    def typed(self) -> dict[str, str]:
        return self.unsaved.typed if self.unsaved else {}

    @property
    def _chosen(self) -> str:
        known = self.document.document_type if self.document else ""
        return self.chosen or self.typed.get("document_type", "") or known

    @property
    def digest(self) -> str:
        document, call = self.document, self.call
        return digest(
            self.anchor, self.meaning, self.wanted.reasons, self.person.sight.sees_data,
            self.is_saving, self.takes_answers,
            document and (document.pk, document.status, document.created_at), call and call.state,
        )  # fmt: skip


@dataclass(frozen=True)
class ShownSide:
    """One side of a document that was handed over."""

    document: Document
    name: str
    document_name: str

    @property
    def alt(self) -> str:
        return f"{self.name.title()} of {self.document_name}"

    @property
    def note(self) -> str:
        measured = self.document.measurements.get(self.name)
        return f"{self.name.title()}, {measured['width']} × {measured['height']} px" if measured else self.name.title()


def cards_of(
    customer: Customer,
    request: EnablementRequest,
    checklist: Checklist,
    person: Person,
    *,
    table: ReasonTable | None = None,
    unsaved: Iterable[UnsavedAnswers] = (),
    chosen: Any = None,
) -> list[Card]:
    """Return the card of each requirement.

    `unsaved` is what the person typed before and has not sent; `chosen` holds the document types picked now, by
    requirement.
    """
    held, is_saving, is_asking = held_for(request), _is_saving(customer, request), _is_asking_anew(customer, request)
    table, kept = table or ReasonTable(), {each.card: each for each in unsaved}
    is_over = is_final(request, checklist, table)
    return [
        Card(
            customer, request, wanted, person, held, table, is_asking, is_over,
            is_offered=takes_answers(request, checklist, wanted), unsaved=kept.get(key_of(wanted)),
            is_saving=is_saving and is_on_its_way(customer, wanted), chosen=str((chosen or {}).get(wanted.id, "")),
        )
        for wanted in checklist.wanted
    ]  # fmt: skip


def key_of(wanted: Wanted) -> str:
    """Return what names a card whatever its address: what somebody typed on it is kept under this."""
    return (document_key if wanted.is_document else data_key)(wanted.id)


def find_card(cards: list[Card], requirement_id: str, *, is_document: bool) -> Card:
    """Return the card of one requirement. Raises Http404."""
    for card in cards:
        if card.wanted.id == requirement_id and card.wanted.is_document == is_document:
            return card
    raise Http404("CryptoMate does not ask for this.")


def _is_asking_anew(customer: Customer, request: EnablementRequest) -> bool:
    """Answer whether a new request is wanted in place of the refused one."""
    if request.status != RequestStatus.REJECTED:
        return False
    return customer.open_calls().filter(kind=CallKind.REQUEST_PRODUCT).exists()


def is_on_its_way(customer: Customer, wanted: Wanted) -> bool:
    """Answer whether we hold the data that the provider still misses: they are what is on its way there."""
    if not isinstance(wanted.requirement, DataRequirement) or not wanted.is_missing or wanted.reasons:
        return False
    fields = [each for each in wanted.requirement.fields if each.required] or wanted.requirement.fields
    return bool(fields) and all(is_held(customer, each) for each in fields)


def _is_saving(customer: Customer, request: EnablementRequest) -> bool:
    """Answer whether data that were saved here are still on their way to the provider's next answer."""
    if customer.open_calls().filter(kind=CallKind.UPDATE_CLIENT).exists():
        return True
    asked_to_look = request.next_sync_at is not None and request.next_sync_at <= timezone.now()
    return asked_to_look and request.status == RequestStatus.PENDING_DOCUMENTATION and request.syncs == 0


def digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:10]
