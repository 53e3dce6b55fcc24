"""A product enablement request and what it still asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from cryptomate.errors import MalformedAnswer
from cryptomate.reading import Record, each, fold

REQUEST_STATUSES = frozenset({"requested", "pending_documentation", "in_kyc", "enabled", "rejected"})
OPTION_KEYS = ("options", "choices", "values", "allowed_values", "enum")
ITEM_TYPES = frozenset({"document", "data"})
UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Option:
    value: str
    label: str

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        if not isinstance(value, dict):
            word = Record({"value": value}, at).essential("value")
            return cls(value=word, label=word)
        record = Record(value, at)
        word = record.essential("value", "id", "code", "key")
        return cls(value=word, label=record.text("label", "name", "description") or word)


def _options(record: Record) -> tuple[Option, ...]:
    """Read the list of answers to choose from, under whichever of the usual names it comes."""
    named = (key for key in OPTION_KEYS if isinstance(record.raw.get(key), list))
    return record.each(next(named, OPTION_KEYS[0]), Option.from_json)


@dataclass(frozen=True, kw_only=True)
class RequirementField:
    """One value the provider asks for: a field of a data requirement, or one of a document's metadata."""

    key: str
    name: str
    data_type: str  # STRING, PHONE, or a word we have not seen
    required: bool
    options: tuple[Option, ...]

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        key = record.essential("key", "id")
        return cls(
            key=key,
            name=record.text("name") or key,
            data_type=record.text("data_type").upper() or "STRING",
            required=record.flag("required", default=True),
            options=_options(record),
        )


@dataclass(frozen=True, kw_only=True)
class ValidDocument:
    """One kind of document that satisfies a requirement; `id` is the `document_type` of its upload."""

    id: str
    name: str
    description: str
    required: bool
    require_image: bool
    require_back_image: bool
    metadata: tuple[RequirementField, ...]

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        word = record.essential("id")
        return cls(
            id=word,
            name=record.text("name") or word,
            description=record.text("description"),
            required=record.flag("required", default=True),
            require_image=record.flag("require_image", default=True),
            require_back_image=record.flag("require_back_image", default=False),
            metadata=record.each("metadata", RequirementField.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class DocumentRequirement:
    id: str
    name: str
    description: str
    required: bool
    valid_documents: tuple[ValidDocument, ...]

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        word = record.essential("id")
        return cls(
            id=word,
            name=record.text("name") or word,
            description=record.text("description"),
            required=record.flag("required", default=True),
            valid_documents=record.each("valid_documents", ValidDocument.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class DataRequirement:
    id: str
    name: str
    description: str
    required: bool
    fields: tuple[RequirementField, ...]

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        word = record.essential("id")
        return cls(
            id=word,
            name=record.text("name") or word,
            description=record.text("description"),
            required=record.flag("required", default=True),
            fields=record.each("fields", RequirementField.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class MissingRequirements:
    documents: tuple[DocumentRequirement, ...] = ()
    data: tuple[DataRequirement, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        if value is None:
            return cls()
        record = Record(value, at)
        return cls(
            documents=record.each("documents", DocumentRequirement.from_json),
            data=record.each("data", DataRequirement.from_json),
            raw=record.raw,
        )

    def __bool__(self) -> bool:
        return bool(self.documents or self.data)


@dataclass(frozen=True, kw_only=True)
class RejectedItem:
    """What the provider turned down. `key` names a document or a data field; it may be empty or unknown."""

    type: str  # document or data
    key: str
    reason: str = field(repr=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(type=fold(record.text("type"), ITEM_TYPES), key=record.text("key"), reason=record.text("reason"))


@dataclass(frozen=True, kw_only=True)
class ProductRequest:
    id: str
    client_id: str
    product: str
    status: str  # one of REQUEST_STATUSES, or a word we have not seen
    missing_requirements: MissingRequirements = field(repr=False)
    rejected_items: tuple[RejectedItem, ...] = field(repr=False)
    rejection_code: str
    rejection_description: str = field(repr=False)
    created_at: datetime | None
    updated_at: datetime | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        missing = MissingRequirements.from_json(
            record.raw.get("missing_requirements"), record.path("missing_requirements")
        )
        return cls(
            id=record.essential("id"),
            client_id=record.text("client_id"),
            product=record.text("product"),
            status=fold(record.essential("status"), REQUEST_STATUSES),
            missing_requirements=missing,
            rejected_items=record.each("rejected_items", RejectedItem.from_json),
            rejection_code=record.text("rejection_code"),
            rejection_description=record.text("rejection_description"),
            created_at=record.moment("created_at"),
            updated_at=record.moment("updated_at"),
            raw=record.raw,
        )

    @classmethod
    def newest_first(cls, value: object) -> list[Self]:
        """Read a client's requests in the documented order, and hold the provider to it where it dates them."""
        return sorted(each(value, cls.from_json), key=lambda request: request.created_at or UNDATED, reverse=True)


@dataclass(frozen=True, kw_only=True)
class ProductAnswer:
    """The answer to an upload or a submit: the request as it now stands, and what was turned down on the spot."""

    request: ProductRequest
    rejected_items: tuple[RejectedItem, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        product = record.raw.get("product")
        if product is None:
            raise MalformedAnswer(record.path("product"))
        return cls(
            request=ProductRequest.from_json(product, record.path("product")),
            rejected_items=record.each("rejected_items", RejectedItem.from_json),
            raw=record.raw,
        )
