"""Why the provider refuses and what we make of it: a table that admins write, and the reasons nobody wrote up yet."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.capture import Capture
from customers import expressions
from vault.cipher import keyed_hashes
from vault.fields import EncryptedTextField, KeyedHashField
from vault.masking import EMAIL

LONGEST_WORDS = 2000
UNKNOWN_REASON = "unknown_reason"
MASK = "#"  # in place of a digit
MASKED_EMAIL = "#@#"
UNWRITTEN_CUSTOMER_TEXT = (
    "We need something more from you before we can go on with your application. We will tell you shortly what it is."
)


class Remedy(models.TextChoices):
    """What puts it right."""

    NEW_PHOTO = "NEW_PHOTO", "New photo"
    NEW_DOCUMENT = "NEW_DOCUMENT", "New document"
    CORRECT_DATA = "CORRECT_DATA", "Correct the data"
    FINAL = "FINAL", "Final: nothing can be sent again"


class RejectionReason(models.Model):
    """One reason the provider refuses for: how it is recognised, what staff do, what the customer may be told."""

    pattern = models.CharField(
        max_length=200, help_text="Words in the provider's code or text. Upper and lower case are the same."
    )
    is_expression = models.BooleanField(
        "regular expression", default=False, help_text="Read the pattern as an expression, for example: blurr(y|ed)"
    )
    staff_text = models.TextField("text for staff", max_length=1000, help_text="What it means and what to do.")
    customer_text = models.TextField(
        "text for the customer", max_length=1000,
        help_text="Sent as it stands. Say what to do, never how the provider decides, and name no suspicion.",
    )  # fmt: skip
    remedy = models.CharField(max_length=12, choices=Remedy.choices)
    position = models.PositiveSmallIntegerField(default=100, help_text="The lowest that fits counts.")
    is_active = models.BooleanField("active", default=True)

    class Meta:
        triggers = [Capture()]
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pattern", "is_expression"], name="one_reason_per_pattern"),
            models.CheckConstraint(condition=Q(remedy__in=Remedy.values), name="remedy_is_known"),
            models.CheckConstraint(
                condition=~Q(pattern="") & ~Q(staff_text="") & ~Q(customer_text=""), name="reason_says_all_three"
            ),
        ]

    def __str__(self) -> str:
        return self.pattern

    def clean(self) -> None:
        try:
            expressions.check_pattern(self.pattern, is_expression=self.is_expression)
        except ValidationError as error:
            raise ValidationError({"pattern": error}) from None

    def fits(self, text: str) -> bool:
        return expressions.fits(self.pattern, text, is_expression=self.is_expression)

    @property
    def is_final(self) -> bool:
        return self.remedy == Remedy.FINAL


class UnknownReasonQuerySet(models.QuerySet["UnknownReason"]):
    def unwritten(self) -> Self:
        return self.filter(written_at=None)


class UnknownReason(models.Model):
    """A reason of the provider's that no row of the table fits, for an admin to write. Digits are masked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    words = EncryptedTextField("the provider's words")
    words_hash = KeyedHashField(of="words", purpose=UNKNOWN_REASON, normalise=expressions.words_in, unique=True)
    times = models.PositiveIntegerField("seen", default=0)
    first_seen_at = models.DateTimeField("first seen", default=timezone.now)
    last_seen_at = models.DateTimeField("last seen", default=timezone.now)
    written_at = models.DateTimeField("written up", null=True, blank=True)

    objects = UnknownReasonQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Explained:
    """The provider's words, and the row of the table that fits them, if any."""

    words: str
    code: str = ""
    reason: RejectionReason | None = None
    about: str = ""
    is_told: bool = True  # whether the customer is told of it, or of something more particular

    @property
    def is_final(self) -> bool:
        return self.reason is not None and self.reason.is_final

    @property
    def remedy(self) -> str:
        return self.reason.get_remedy_display() if self.reason else ""

    @property
    def customer_text(self) -> str:
        """Return what may be sent to the customer: never the provider's own words."""
        return self.reason.customer_text if self.reason else UNWRITTEN_CUSTOMER_TEXT


class ReasonTable:
    """The active rows of the table, read once and only where something was refused."""

    @cached_property
    def rows(self) -> list[RejectionReason]:
        return list(RejectionReason.objects.filter(is_active=True))

    def explain(self, words: str, *, code: str = "", about: str = "") -> Explained:
        text = f"{code} {words}"
        return Explained(words, code, next((row for row in self.rows if row.fits(text)), None), about)


def note_unknown(reasons: Iterable[str]) -> None:
    """Count the reasons that nobody has written up. Comes within the transaction that keeps the provider's answer."""
    table = ReasonTable()
    for words in reasons:
        if words.strip() and table.explain(words).reason is None:
            _count(masked_words(words))


def settle_written() -> None:
    """Take the reasons off the list that the table fits now."""
    table = ReasonTable()
    for unknown in UnknownReason.objects.unwritten():
        if table.explain(unknown.words.replace(MASK, "0")).reason:  # what is written for it may want a digit
            unknown.written_at = timezone.now()
            unknown.save(update_fields=["written_at"])


def masked_words(reason: str) -> str:
    """Return the reason without digits and addresses: one about two people is one, and what is theirs stays out."""
    return re.sub(r"\d", MASK, EMAIL.sub(MASKED_EMAIL, " ".join(reason.split())))[:LONGEST_WORDS]


def _count(words: str) -> None:
    hashes = keyed_hashes(expressions.words_in(words), purpose=UNKNOWN_REASON)
    unknown, _ = UnknownReason.objects.get_or_create(words_hash__in=hashes, defaults={"words": words})
    UnknownReason.objects.filter(pk=unknown.pk).update(
        times=F("times") + 1, last_seen_at=timezone.now(), written_at=None
    )
