"""Forms built from what the provider says is missing: one for a data requirement, one for a document."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from cryptomate import DataRequirement, RequirementField, ValidDocument
from customers import places
from customers.actions import Upload
from customers.answer_fields import as_answer, as_typed, field_for
from customers.checklists import DocumentCard
from customers.columns import OPTIONAL_COLUMNS, REGION, columns_of
from customers.document_keys import as_day, expiry_of
from customers.expiry import earliest, is_expired, reason_against, warning_about
from customers.findings import SIDES, Judge, errors_in, warnings_in
from customers.form_fields import ask_by_name, line
from customers.forms import CARD_FIELDS, CustomerForm, answers_in_step, check_phone_is_whole, values_of
from customers.images import CleanImage, clean_image
from customers.models import Customer, Document
from customers.readings import facts_of
from customers.remote import COLUMN_OF, COLUMNS, answer_to
from customers.sides import Side
from customers.statuses import DocumentStatus
from imaging.judging import Finding

OVERRIDE, LONGEST_REASON = "Reason for sending it as it is", 300
PLACES = {*REGION, "id_type", "postal_code"}


class DataForm(forms.Form):
    """The fields of one data requirement; `values()` is what `update_customer` takes."""

    def __init__(
        self,
        requirement: DataRequirement,
        customer: Customer,
        *,
        anchor: str,
        data: Mapping[str, Any] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, auto_id=f"id_{anchor}_%s")
        columns = {column for wanted in requirement.fields for column in columns_of(wanted)}
        self.registration = CustomerForm(data, customer=customer, offers_places=bool(columns & PLACES), typed=typed)
        self.initial = values_of(customer)
        self.customer = customer
        self.answer_keys: list[str] = []
        for wanted in requirement.fields:
            self._add(wanted)
        show_typed(self, typed)
        ask_by_name(self)

    def _add(self, wanted: RequirementField) -> None:
        columns = columns_of(wanted)
        for column in columns:
            self.fields[column] = self.registration.fields[column]
            self.fields[column].required = self._is_required(column, wanted)
        if not columns:
            self.fields[wanted.key] = field_for(wanted)
            self.initial[wanted.key] = as_typed(answer_to(self.customer, wanted.key))
            self.answer_keys.append(wanted.key)

    def _is_required(self, column: str, wanted: RequirementField) -> bool:
        """Answer whether the field must be filled in: our row may need what the provider does not."""
        if column in OPTIONAL_COLUMNS or (column == "id_number" and self.registration.keeps_id_number):
            return False
        row_needs = self.registration.fields[column].required
        if column == "state":  # the provider lists none for some countries, whatever it asks for
            return row_needs
        return wanted.required or row_needs or (column in CARD_FIELDS and self.customer.individual_cards)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        check_phone_is_whole(self)
        return cleaned

    def values(self) -> dict[str, Any]:
        columns = {name: value for name, value in self.cleaned_data.items() if name not in self.answer_keys}
        if not columns.get("id_number", True):
            del columns["id_number"]
        answers = {key: as_answer(self.cleaned_data[key]) for key in self.answer_keys}
        columns |= self._columns_that_take(answers)
        answers = {**answers_in_step(self.customer, columns), **answers}
        return {**columns, "answers": answers} if answers else columns

    def _columns_that_take(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers from the provider's own lists that our columns can hold too, so that the two agree."""
        taken = {}
        for key, answer in answers.items():
            column = COLUMN_OF.get(key, key)
            if column in COLUMNS and answer is not None and is_taken_by(self.registration.fields[column], answer):
                taken[column] = answer
        return taken


def is_taken_by(field: forms.Field, answer: Any) -> bool:
    try:
        return bool(field.clean(answer) == answer)
    except ValidationError:
        return False


class DocumentForm(forms.Form):
    """One document of one of the types that satisfy the requirement. The type decides the sides and the metadata."""

    document_type = forms.ChoiceField()

    def __init__(
        self,
        card: DocumentCard,
        *,
        anchor: str,
        chosen: str = "",
        data: Mapping[str, Any] | None = None,
        typed: Mapping[str, str] | None = None,
        customer: Customer | None = None,
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
    ) -> None:
        super().__init__(data, files, auto_id=f"id_{anchor}_%s")
        offered = card.requirement.valid_documents
        chosen = chosen or (offered[0].id if len(offered) == 1 else "")
        self.option = card.option(chosen)
        self.draft = draft_of(card.document, chosen)
        self.earlier = of_type(card.document, chosen)
        self.judge, self.images = Judge(customer, chosen), dict[str, CleanImage]()
        self.initial = {"document_type": chosen}
        types = [(option.id, option.name) for option in offered]
        cast("forms.ChoiceField", self.fields["document_type"]).choices = [places.NOTHING_CHOSEN, *types]
        if self.option:
            self._add_sides(self.option)
            self._add_metadata(self.option)
            show_typed(self, typed)
        ask_by_name(self)

    def _add_sides(self, option: ValidDocument) -> None:
        # The upload always has a front image (contract section 2.11), whatever `require_image` says.
        for side in SIDES if option.require_back_image else SIDES[:1]:
            is_kept = bool(self.draft and self.draft.image(side))
            self.fields[f"{side}_image"] = ImageField(label=f"{side.title()} image", required=not is_kept)
        self.fields["override_reason"] = line(label=OVERRIDE, most=LONGEST_REASON, required=False)

    def _add_metadata(self, option: ValidDocument) -> None:
        kept = self.earlier.metadata if self.earlier else {}
        for wanted in option.metadata:
            self.fields[metadata_name(wanted)] = field_for(wanted)
            self.initial[metadata_name(wanted)] = as_typed(kept.get(wanted.key))

    @property
    def sides(self) -> list["Side"]:
        names = [name for name in SIDES if f"{name}_image" in self.fields]
        return [Side(self[f"{name}_image"], name, self.draft, self.judge) for name in names]

    def side(self, name: str) -> "Side | None":
        return next((side for side in self.sides if side.name == name), None)

    @property
    def metadata_fields(self) -> list[forms.BoundField]:
        return [self[metadata_name(wanted)] for wanted in self.option.metadata] if self.option else []

    @property
    def has_images(self) -> bool:
        return bool(self.images)

    @property
    def has_errors(self) -> bool:
        return any(errors_in(side.findings) for side in self.sides)

    @property
    def has_warnings(self) -> bool:
        """Answer whether what is kept may be sent only with a reason."""
        return bool(self.expiry_warning) or any(warnings_in(side.findings) for side in self.sides)

    @property
    def expiry_warning(self) -> str:
        """Return that the document expires soon, as it stands in the form or was read from its image."""
        wanted = expiry_of(self.option) if self.option else None
        typed = as_day(value_in(self[metadata_name(wanted)])) if wanted else None
        return warning_about(earliest([typed, self._read_expiry]), today=timezone.localdate())

    @property
    def _read_expiry(self) -> date | None:
        facts = facts_of(self.draft) if self.draft and not self.has_images else None
        return facts.expiry_date if facts else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.images = {side: image for side in SIDES if (image := cleaned.get(f"{side}_image"))}
        self._judge_images()
        self._refuse_expired(today=timezone.localdate())
        return cleaned

    def _judge_images(self) -> None:
        """Refuse images that the provider would refuse, and warnings that nobody gave a reason against."""
        found = {side.name: self._findings(side) for side in self.sides}
        for side, findings in found.items():
            for error in errors_in(findings):
                self.add_error(f"{side}_image", error.sentence)
        if self.cleaned_data.get("override_reason") or "override_reason" in self.errors:
            return
        if any(warnings_in(findings) for findings in found.values()):
            self.add_error("override_reason", "Say why these images are sent as they are, or choose others.")
        elif self.expiry_warning:
            self.add_error("override_reason", f"{self.expiry_warning} Say why it is sent all the same.")

    def _findings(self, side: Side) -> list[Finding]:
        image = self.images.get(side.name)
        return self.judge.findings(image.measurements, image.likeness) if image else side.findings

    def _refuse_expired(self, *, today: date) -> None:
        """Refuse a document past its last day: where it was typed, and at the type where its image says so."""
        wanted = expiry_of(self.option) if self.option else None
        typed = as_day(self.cleaned_data.get(metadata_name(wanted))) if wanted else None
        if wanted and is_expired(typed, today=today):
            self.add_error(metadata_name(wanted), reason_against(typed, None, today=today))
        if is_expired(self._read_expiry, today=today):
            self.add_error("document_type", reason_against(None, self._read_expiry, today=today))

    def upload(self) -> Upload:
        """Return what is valid so far, for an upload or for a draft."""
        assert self.option is not None  # noqa: S101 - a type was chosen
        answers = {
            wanted.key: as_answer(self.cleaned_data.get(metadata_name(wanted))) for wanted in self.option.metadata
        }
        return Upload(
            document_type=self.option.id,
            metadata={key: answer for key, answer in answers.items() if answer is not None},
            front=self.images.get("front"),
            back=self.images.get("back"),
            override_reason=self.cleaned_data.get("override_reason") or "",
        )


class ImageField(forms.FileField):
    """An image, checked and made anew."""

    def __init__(self, *, label: str, required: bool) -> None:
        super().__init__(label=label, required=required, allow_empty_file=True, widget=forms.FileInput)

    def clean(self, data: Any, initial: Any = None) -> CleanImage | None:
        upload = super().clean(data, initial)
        return clean_image(upload) if upload else None


def value_in(bound: forms.BoundField) -> Any:
    """Return what stands in the field as its value; the text as typed where it is none yet."""
    typed = bound.value()
    try:
        return bound.field.clean(typed)
    except ValidationError:
        return typed


def show_typed(form: forms.Form, typed: Mapping[str, str] | None) -> None:
    """Begin with what was typed before and not sent, in place of what is known."""
    form.initial.update({name: value for name, value in (typed or {}).items() if name in typed_names(form)})


def typed_in(form: forms.Form) -> dict[str, str]:
    return {name: str(form.data.get(name, "")) for name in typed_names(form)}


def typed_names(form: forms.Form) -> list[str]:
    return [name for name, field in form.fields.items() if not isinstance(field, forms.FileField)]


def metadata_name(wanted: RequirementField) -> str:
    return f"metadata_{wanted.key}"


def draft_of(document: Document | None, document_type: str) -> Document | None:
    """Return the document where it is a draft of this type: a photo of another document is no start for this one."""
    found = of_type(document, document_type)
    return found if found and found.status == DocumentStatus.DRAFT else None


def of_type(document: Document | None, document_type: str) -> Document | None:
    return document if document and document.document_type == document_type else None
