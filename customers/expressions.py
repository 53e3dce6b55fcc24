"""What a rejection reason is recognised by: words it contains, or a regular expression that an admin wrote.

Expressions run on RE2, whose time grows with the length of the text alone: none can be written that hangs a page.
"""

from functools import lru_cache
from typing import Any

import re2
from django.core.exceptions import ValidationError

LONGEST_TEXT = 4000
SHORTEST = 3
ANY_TEXT = ("", "x", "0", " ")  # what fits one of these fits nearly everything


def check_pattern(pattern: str, *, is_expression: bool) -> None:
    """Raise ValidationError where the pattern cannot be used, or would fit every reason there is."""
    if len(words_in(pattern)) < SHORTEST:
        raise ValidationError(f"Look for {SHORTEST} characters at least: fewer stand in any text.", code="short")
    if not is_expression:
        return
    try:
        found = _compiled(pattern)
    except re2.error as error:
        raise ValidationError("This is no regular expression: %(why)s.", params={"why": _why(error)}) from None
    if any(found.search(text) for text in ANY_TEXT):
        raise ValidationError("This expression fits any text. Name the words to look for.", code="any")


def fits(pattern: str, text: str, *, is_expression: bool) -> bool:
    """Answer whether the text is recognised; upper and lower case are the same. A broken expression fits nothing."""
    text = " ".join(text[:LONGEST_TEXT].split())
    if not is_expression:
        return words_in(pattern) in words_in(text)
    try:
        return _compiled(pattern).search(text) is not None
    except re2.error:
        return False


def words_in(text: str) -> str:
    """Return the text as it is compared, whatever its case and however it is spaced."""
    return " ".join(text.casefold().split())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors, options.case_sensitive = False, False
    return re2.compile(pattern, options=options)


def _why(error: re2.error) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
