"""The chain that seals the log. `audit.sealing` makes it, `audit.verifying` holds the log against it."""

import json
from datetime import UTC
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from audit.keys import AuditKey

DIGEST_LENGTH = 32  # bytes


class SealQuerySet(models.QuerySet["Seal"]):
    def newest(self) -> "Seal | None":
        return self.order_by("-number").first()


class Seal(models.Model):
    """Vouches for some rows of the log and for the seal before it. PostgreSQL refuses to change or remove one.

    `waiting` are stretches of numbers that were drawn and had no row, as [first, last, since when]: their transactions
    were open or had failed. A row that comes late is in a later seal.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    seqs = ArrayField(models.BigIntegerField(), help_text="The numbers of the rows, ascending.")
    digests = models.BinaryField(help_text="32 bytes for each row.")
    drawn = models.BigIntegerField(help_text="The number up to which every row is sealed or waited for.")
    waiting = models.JSONField(default=list)
    key_id = models.CharField(max_length=8)
    mac = models.BinaryField()

    objects = SealQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Seal {self.number}"

    @property
    def head(self) -> str:
        """Return what is kept elsewhere, so that a log whose end was cut off is found out."""
        return f"{self.number}:{bytes(self.mac).hex()}"

    def digest_of(self, position: int) -> bytes:
        return bytes(self.digests)[position * DIGEST_LENGTH :][:DIGEST_LENGTH]

    def waits_for(self, seq: int) -> bool:
        return seq > self.drawn or any(first <= seq <= last for first, last, _since in self.waiting)

    def proof(self, previous: "Seal | None", key: "AuditKey") -> bytes:
        """Return the mac that stands for everything this seal says and, through the one before it, for all of them."""
        at, digests = self.sealed_at.astimezone(UTC).isoformat(), bytes(self.digests).hex()
        said = [self.number, at, self.seqs, digests, self.drawn, self.waiting, self.key_id]
        return key.link(bytes(previous.mac) if previous else b"", json.dumps(said, separators=(",", ":")).encode())
