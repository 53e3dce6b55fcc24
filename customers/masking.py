"""What the portal knows of a customer, hidden from people who may not see it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from audit.sight import REVEALS, SEES, shown_until
from customers.models import Customer
from vault.masking import MASK, mask_text

SHORTEST = 4  # characters of a value that is looked for in text
GRACE_MS = 200  # a page that asks again asks after the end, not just before it

Hide = Callable[[str], str]


def as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Sight:
    """How one person sees one customer's data: as they are, or masked unless a reveal of theirs shows them."""

    sees_data: bool
    may_reveal: bool
    shown_until: datetime | None

    @property
    def shown_ms(self) -> int:
        """Return in how many milliseconds the page has to be masked again."""
        if self.shown_until is None:
            return 0
        return max(0, round((self.shown_until - timezone.now()).total_seconds() * 1000)) + GRACE_MS

    def hides(self, customer: Customer) -> Hide:
        """Return what the words of others about this customer go through before the person reads them."""
        return as_it_is if self.sees_data else veil(customer)


def sight_of(user: User | AnonymousUser, customer: Customer) -> Sight:
    until = shown_until(user, customer.pk)
    return Sight(until is not None or user.has_perm(SEES), user.has_perm(REVEALS), until)


def veil(customer: Customer) -> Hide:
    """Return what hides this customer's data in somebody's words: what we hold, and what looks like it. Names stay."""
    hide_known = known_values(customer)
    return lambda text: mask_text(hide_known(text))


def known_values(customer: Customer) -> Hide:
    """Return what hides the values we hold of this customer and nothing else: for words that are kept for all."""
    held = sorted({value for value in _held(customer) if len(value) >= SHORTEST}, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in held), re.IGNORECASE)
    return lambda text: pattern.sub(MASK, text)


def _held(customer: Customer) -> Iterator[str]:
    yield from (
        customer.id_number, customer.street_line1, customer.street_line2, customer.city, customer.postal_code,
        customer.occupation, customer.birth_date.isoformat(), str(customer.phone_number or ""),
    )  # fmt: skip
    yield from (str(value) for value in customer.answers.values() if not isinstance(value, bool))
