"""Whom a case waits for, and why. What decides it stands in PostgreSQL: see `desk.following`."""

from django.db import models


class WaitsFor(models.TextChoices):
    US = "US", "us"
    PROVIDER = "PROVIDER", "CryptoMate"
    CUSTOMER = "CUSTOMER", "the customer"
    NOBODY = "NOBODY", "nobody"


class Reason(models.TextChoices):
    UNKNOWN_CALL = "UNKNOWN_CALL", "Outcome unknown"
    REFUSED_CALL = "REFUSED_CALL", "Call refused"
    REJECTED = "REJECTED", "Refused in review"
    REFUSED_ITEMS = "REFUSED_ITEMS", "Documents or data refused"
    MISSING = "MISSING", "Documents or data missing"
    READY = "READY", "Ready to submit"
    ASKING = "ASKING", "Being registered"
    SUBMITTING = "SUBMITTING", "Being submitted"
    IN_REVIEW = "IN_REVIEW", "In review"
    DONE = "DONE", "Done"


R, W = Reason, WaitsFor

# A customer who was asked for what waits for us is waited for instead.
SIDES: dict[str, WaitsFor] = {
    R.UNKNOWN_CALL: W.US, R.REFUSED_CALL: W.US, R.REJECTED: W.US, R.REFUSED_ITEMS: W.US, R.MISSING: W.US, R.READY: W.US,
    R.ASKING: W.PROVIDER, R.SUBMITTING: W.PROVIDER, R.IN_REVIEW: W.PROVIDER,
    R.DONE: W.NOBODY,
}  # fmt: skip
OURS_ALONE = (R.UNKNOWN_CALL, R.READY)  # no customer can say what became of a call, or submit
ASKED_FOR = tuple(reason for reason in R if SIDES[reason] == W.US and reason not in OURS_ALONE)
