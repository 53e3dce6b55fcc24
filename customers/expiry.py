"""An expired document is refused here, before the provider does; one that expires soon is pointed at."""

from collections.abc import Iterable
from datetime import date, timedelta

SOON = timedelta(days=30)


def is_expired(day: date | None, *, today: date) -> bool:
    """Answer whether the document is past its last day. It is valid on that day still."""
    return day is not None and day < today


def expires_soon(day: date | None, *, today: date) -> bool:
    return day is not None and today <= day <= today + SOON


def warning_about(day: date | None, *, today: date) -> str:
    """Return the sentence that asks for a reason; empty where the document is valid for long enough."""
    if not expires_soon(day, today=today):
        return ""
    return f"This document expires on {in_words(day)}: CryptoMate may refuse it by the time it is looked at."


def reason_against(typed: date | None, read: date | None, *, today: date) -> str:
    """Return the sentence that refuses the document; empty where neither day is past."""
    if is_expired(typed, today=today):
        return f"This document expired on {in_words(typed)}. Ask the customer for one that is valid."
    if is_expired(read, today=today):
        said = f"Its image says that this document expired on {in_words(read)}."
        return f"{said} Ask the customer for one that is valid."
    return ""


def in_words(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else ""


def earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day), default=None)
