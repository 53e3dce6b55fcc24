"""What belongs to the company rather than to one client or card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptomate.errors import MalformedAnswer
from cryptomate.reading import Record


@dataclass(frozen=True, kw_only=True)
class VelocityRule:
    """At most so many approved authorizations of one card within a sliding window."""

    max_authorizations: int
    time_window_seconds: int

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(
            max_authorizations=_whole(record, "max_authorizations"),
            time_window_seconds=_whole(record, "time_window_seconds"),
        )

    @classmethod
    def list_from_json(cls, value: object) -> list[Self]:
        return list(Record(value).each("rules", cls.from_json))

    def to_json(self) -> Mapping[str, int]:
        return {"max_authorizations": self.max_authorizations, "time_window_seconds": self.time_window_seconds}


def _whole(record: Record, key: str) -> int:
    number = record.integer(key)
    if number is None:
        raise MalformedAnswer(record.path(key))
    return number


@dataclass(frozen=True, kw_only=True)
class Company:
    """The company behind the API key. The answer carries the webhook key in clear; it is left behind here."""

    name: str
    email: str
    webhook_url: str

    @classmethod
    def from_json(cls, value: object, at: str = "") -> Self:
        record = Record(value, at)
        return cls(name=record.text("name"), email=record.text("email"), webhook_url=record.text("webhook_url"))
