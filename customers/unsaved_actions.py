"""Keeping what a person typed and has not sent."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers.policies import check_person_may
from customers.requirement_cards import AnyForm, Card, key_of
from customers.requirement_forms import typed_in
from customers.unsaved import LONGEST_CARD, UnsavedAnswers, bounded


@transaction.atomic
def keep_typed(*, card: Card, form: AnyForm, by: User) -> None:
    """Keep what is typed on a card for the person who typed it. It is on record once, not at every key.

    Raises NotAllowed.
    """
    check_person_may(by, "customers.change_customer")
    typed, key = bounded(typed_in(form)), key_of(card.wanted)
    if not any(typed.values()) or len(key) > LONGEST_CARD:
        return
    kept, is_new = UnsavedAnswers.objects.select_for_update().get_or_create(customer=card.customer, person=by, card=key)
    kept.typed, kept.kept_at = typed, timezone.now()
    kept.save(update_fields=["typed", "kept_at"])
    if is_new:
        record(kind=Kind.ANSWERS_KEPT, by=by, customer_id=card.customer.pk, subject=kept, after={"card": key})
