"""Choosing limits of quality, and going back to the usual ones."""

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import record
from audit.kinds import Kind
from customers.policies import check_person_may
from customers.thresholds import QualityThreshold


@transaction.atomic
def choose_threshold(*, threshold: QualityThreshold, by: User) -> None:
    """Store a new or changed limit. Raises NotAllowed."""
    stored = QualityThreshold.objects.filter(pk=threshold.pk).first()
    check_person_may(by, f"customers.{'change' if stored else 'add'}_qualitythreshold")
    threshold.save()
    record(
        kind=Kind.THRESHOLD_CHOSEN, by=by, subject=threshold, before=_recorded(stored) if stored else None,
        after=_recorded(threshold),
    )  # fmt: skip


@transaction.atomic
def drop_threshold(*, threshold: QualityThreshold, by: User) -> None:
    """Let the usual limit count again. Raises NotAllowed."""
    check_person_may(by, "customers.delete_qualitythreshold")
    record(kind=Kind.THRESHOLD_DROPPED, by=by, subject=threshold, before=_recorded(threshold))
    threshold.delete()


def _recorded(threshold: QualityThreshold) -> dict[str, str | float]:
    return {"document_type": threshold.document_type, "limit": threshold.name, "value": threshold.value}
