"""Individual clients and the reference lists their form is filled from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from cryptomate.reading import Record, each, fold

CLIENT_STATUSES = frozenset({"pending", "active", "rejected"})


@dataclass(frozen=True, kw_only=True)
class Address:
    street_line1: str = field(repr=False)
    city: str = field(repr=False)
    postal_code: str = field(repr=False)
    state: str = field(repr=False)  # a subdivision's code
    country: str  # alpha-3
    street_line2: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record({} if value is None else value, at)
        return cls(
            street_line1=record.text("street_line1", "street_line_1"),
            street_line2=record.text("street_line2", "street_line_2"),
            city=record.text("city"),
            postal_code=record.text("postal_code"),
            state=record.text("state", "state_code"),
            country=record.text("country"),
        )

    def to_json(self) -> dict[str, Any]:
        second_line = {"street_line2": self.street_line2} if self.street_line2 else {}
        return {
            "street_line1": self.street_line1,
            **second_line,
            "city": self.city,
            "postal_code": self.postal_code,
            "state": self.state,
            "country": self.country,
        }


@dataclass(frozen=True, kw_only=True)
class ClientPayload:
    """Everything we say about a person. An update replaces the client, so always fill all of it.

    `extra` holds answers to requirements that have no field here. They go out on updates only, as top-level keys: the
    provider asks for them after the client exists.
    """

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str = field(repr=False)
    birth_date: date = field(repr=False)
    address: Address = field(repr=False)
    second_name: str = field(default="", repr=False)
    phone_country_code: int | None = field(default=None, repr=False)
    phone_number: int | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        optional = {
            "second_name": self.second_name or None,
            "phone_country_code": self.phone_country_code,
            "phone_number": self.phone_number,
        }
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "birth_date": self.birth_date.isoformat(),
            "address": self.address.to_json(),
            **{key: value for key, value in optional.items() if value is not None},
        }

    def to_update_json(self) -> dict[str, Any]:
        return {**self.extra, **self.to_json()}


@dataclass(frozen=True, kw_only=True)
class RemoteClient:
    id: str
    status: str  # pending, active, rejected, or a word we have not seen
    type: str
    first_name: str = field(repr=False)
    second_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    phone_country_code: int | None = field(repr=False)
    phone_number: int | None = field(repr=False)
    address: Address = field(repr=False)
    rejection_code: str  # only in the record that a client_status webhook carries
    rejection_description: str = field(repr=False)
    created_at: datetime | None
    updated_at: datetime | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            id=record.essential("id"),
            status=fold(record.essential("status"), CLIENT_STATUSES),
            type=record.text("type"),
            first_name=record.text("first_name"),
            second_name=record.text("second_name"),
            last_name=record.text("last_name"),
            email=record.text("email"),
            birth_date=record.day("birth_date"),
            phone_country_code=record.integer("phone_country_code"),
            phone_number=record.integer("phone_number"),
            address=Address.from_json(record.raw.get("address"), record.path("address")),
            rejection_code=record.text("rejection_code"),
            rejection_description=record.text("rejection_description"),
            created_at=record.moment("created_at"),
            updated_at=record.moment("updated_at"),
            raw=record.raw,
        )


@dataclass(frozen=True, kw_only=True)
class Subdivision:
    name: str
    code: str  # goes to `Address.state` exactly as it stands

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        code = record.essential("code")
        return cls(code=code, name=record.text("name") or code)


@dataclass(frozen=True, kw_only=True)
class Country:
    name: str
    alpha3: str
    postal_code_format: str
    subdivisions: tuple[Subdivision, ...] = field(repr=False)

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        alpha3 = record.essential("alpha3")
        return cls(
            alpha3=alpha3,
            name=record.text("name") or alpha3,
            postal_code_format=record.text("postal_code_format"),
            subdivisions=record.each("subdivisions", Subdivision.from_json),
        )

    @classmethod
    def list_from_json(cls, value: object) -> list[Self]:
        if isinstance(value, dict):
            return each(value.get("data"), cls.from_json, "data")
        return each(value, cls.from_json)


@dataclass(frozen=True, kw_only=True)
class IdentificationType:
    type: str
    description: str

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        word = record.essential("type")
        return cls(type=word, description=record.text("description") or word)
