"""Reads the provider's requirement answers: what is wanted, what is satisfied, what came back. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptomate import DataRequirement, DocumentRequirement, MissingRequirements, RejectedItem, RequirementField

Requirement = DataRequirement | DocumentRequirement


@dataclass(frozen=True)
class Wanted:
    """One requirement as the officer sees it: the provider's words and where it stands."""

    requirement: Requirement
    is_missing: bool
    reasons: tuple[str, ...] = ()
    is_supplied: bool = True

    @property
    def id(self) -> str:
        return self.requirement.id

    @property
    def is_document(self) -> bool:
        return isinstance(self.requirement, DocumentRequirement)

    @property
    def values(self) -> list[RequirementField]:
        """Return every value that may be asked for: the fields of data, the metadata of each document type."""
        if isinstance(self.requirement, DocumentRequirement):
            return [wanted for option in self.requirement.valid_documents for wanted in option.metadata]
        return list(self.requirement.fields)

    @property
    def is_open(self) -> bool:
        return self.is_missing or bool(self.reasons)

    @property
    def is_withdrawn(self) -> bool:
        """Answer whether the provider asked once and stopped, with nothing of ours to stand for it."""
        return not self.is_open and not self.is_supplied

    @property
    def is_required(self) -> bool:
        """Answer whether the review needs it: of data, optional fields alone may be left."""
        if isinstance(self.requirement, DocumentRequirement):
            return self.requirement.required
        fields = self.requirement.fields
        return self.requirement.required and (not fields or any(wanted.required for wanted in fields))

    @property
    def blocks_submit(self) -> bool:
        return self.is_open and self.is_required


@dataclass(frozen=True)
class Checklist:
    """Everything the provider ever asked for in one request, and what it said that belongs to none of it."""

    wanted: tuple[Wanted, ...] = ()
    unplaced: tuple[RejectedItem, ...] = field(default=())

    @property
    def left(self) -> int:
        return sum(item.blocks_submit for item in self.wanted)

    @property
    def total(self) -> int:
        return sum(not item.is_withdrawn for item in self.wanted)

    @property
    def supplied(self) -> int:
        return sum(not (item.is_open or item.is_withdrawn) for item in self.wanted)

    @property
    def reasons(self) -> list[str]:
        """Return all the provider said against what it was given."""
        return [*(reason for item in self.wanted for reason in item.reasons), *(item.reason for item in self.unplaced)]

    @property
    def names_nothing(self) -> bool:
        """Answer whether nothing in particular was flagged: then a refusal may be about anything."""
        return not (self.unplaced or any(item.reasons for item in self.wanted))

    def find_data(self, requirement_id: str) -> Wanted | None:
        return next((item for item in self.wanted if not item.is_document and item.id == requirement_id), None)

    def find_document(self, requirement_id: str) -> Wanted | None:
        return next((item for item in self.wanted if item.is_document and item.id == requirement_id), None)


def checklist(
    *, asked: Iterable[Mapping[str, Any]], missing: Mapping[str, Any], rejected: Sequence[Mapping[str, Any]]
) -> Checklist:
    """Put together what was `asked` over time (oldest first), what is `missing` now and what was `rejected`."""
    now = _by_id(MissingRequirements.from_json(missing))
    ever: dict[str, Requirement] = {}
    for answer in asked:
        ever |= _by_id(MissingRequirements.from_json(answer))
    ever |= now
    items = [RejectedItem.from_json(item) for item in rejected]
    wanted = tuple(
        Wanted(
            requirement=requirement,
            is_missing=key in now,
            reasons=tuple(item.reason for item in items if concerns(item, requirement)),
        )
        for key, requirement in ever.items()
    )
    unplaced = tuple(item for item in items if not any(concerns(item, each) for each in ever.values()))
    return Checklist(wanted=wanted, unplaced=unplaced)


def concerns(item: RejectedItem, requirement: Requirement) -> bool:
    """Answer whether a rejected item is about this requirement: the provider may name it, its field or its document."""
    if item.key == requirement.id:
        return True
    if isinstance(requirement, DocumentRequirement):
        return item.type != "data" and any(item.key == option.id for option in requirement.valid_documents)
    return item.type != "document" and any(item.key == wanted.key for wanted in requirement.fields)


def requirements_of(missing: Mapping[str, Any]) -> list[Requirement]:
    read = MissingRequirements.from_json(missing)
    return [*read.data, *read.documents]


def data_keys(answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every client field the provider ever asked for, in the order it first did."""
    keys: dict[str, None] = {}
    for answer in answers:
        for requirement in MissingRequirements.from_json(answer).data:
            keys |= dict.fromkeys(wanted.key for wanted in requirement.fields)
    return list(keys)


def _by_id(missing: MissingRequirements) -> dict[str, Requirement]:
    found: list[Requirement] = [*missing.data, *missing.documents]
    # A data and a document requirement may share an id; the kind keeps them apart.
    return {f"{type(each).__name__}:{each.id}": each for each in found}
