"""Which of a document's metadata are its number and its expiry. The provider gives keys, not meanings."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from cryptomate import RequirementField, ValidDocument

NUMBERS = ("number", "document_number", "id_number", "identification_number", "passport_number", "license_number")
EXPIRIES = ("expir", "valid_until", "valid_to")


def number_of(option: ValidDocument) -> RequirementField | None:
    """Return what takes the document's number; None where nothing does."""
    return next((each for each in option.metadata if each.key.lower() in NUMBERS), None)


def expiry_of(option: ValidDocument) -> RequirementField | None:
    """Return what takes the last day the document is valid; None where nothing does."""
    return next((each for each in option.metadata if _is_expiry(each.key)), None)


def kept_expiry(metadata: Mapping[str, Any]) -> date | None:
    """Return the expiry that was typed and kept; None where there is none, or none that is a day."""
    days = (as_day(value) for key, value in metadata.items() if _is_expiry(key))
    return next((day for day in days if day), None)


def _is_expiry(key: str) -> bool:
    return any(word in key.lower() for word in EXPIRIES)


def as_day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError:
        return None
