"""Writing, withdrawing and taking note of notes."""

import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers.mentions import mentioned_in
from customers.models import Customer
from customers.notes import LONGEST_NOTE, Mention, MentionQuerySet, Note
from customers.policies import NotAllowed, check_person_may
from customers.unsaved import UnsavedAnswers, UnsavedAnswersQuerySet
from vault.masking import mask_card_numbers

WRITES = "customers.add_note"
UNSENT = "note"  # the card under which a note that is not added yet is kept
LONGEST_UNSENT = 20_000  # characters; somebody who pastes a whole letter finds it again, to shorten it


@transaction.atomic
def add_note(*, customer: Customer, text: str, by: User, pk: uuid.UUID | None = None) -> Note:
    """Keep a note and tell whom it mentions. `pk` is the form's own: sent twice, it is one note.

    The record says that a note was written; the text stands in the note alone. Raises NotAllowed and NobodyOfThatName.
    """
    check_person_may(by, WRITES)
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise NotAllowed(f"A note has between 1 and {LONGEST_NOTE:,} characters.")
    mentioned, values = mentioned_in(text), {"customer": customer, "text": text, "by": by}
    note, is_new = Note.objects.get_or_create(pk=pk or uuid.uuid4(), defaults=values)
    if not is_new:
        if all(getattr(note, name) == value for name, value in values.items()):
            return note
        note = Note.objects.create(**values)  # the form was gone back to and sent with another text
    Mention.objects.bulk_create(Mention(note=note, person=each, at=note.at) for each in mentioned if each != by)
    _unsent(customer, by).delete()
    record(kind=Kind.NOTE_WRITTEN, by=by, customer_id=customer.pk, subject=note)
    return note


@transaction.atomic
def withdraw_note(*, note: Note, by: User) -> None:
    """Take a note of one's own off the pages. The text stays on record and comes back to its author's form.

    Who has not seen a mention in it is not sent there any more. Raises NotAllowed.
    """
    check_person_may(by, WRITES)
    note = Note.objects.select_for_update(no_key=True).get(pk=note.pk)
    if note.by_id != by.pk:
        raise NotAllowed("Only who wrote a note withdraws it. Add one that puts it right.")
    if note.is_withdrawn:
        return
    note.withdrawn_at = max(note.at, timezone.now())
    note.save(update_fields=["withdrawn_at"])
    note.mentions.unseen().delete()
    unsent = unsent_by(by, note.customer)
    keep_unsent(customer=note.customer, text="\n\n".join(filter(None, [note.text, unsent])), by=by)
    record(kind=Kind.NOTE_WITHDRAWN, by=by, customer_id=note.customer_id, subject=note)


def keep_unsent(*, customer: Customer, text: str, by: User, pk: uuid.UUID | None = None) -> None:
    """Keep what somebody typed and has not added, so that leaving the page loses nothing. Raises NotAllowed.

    What comes after its note, whose id `pk` is, was typed before it and is not kept; nor are whole card numbers.
    """
    check_person_may(by, WRITES)
    if pk and Note.objects.filter(pk=pk).exists():
        return
    if not text.strip():
        _unsent(customer, by).delete()
        return
    now = {"typed": {"text": mask_card_numbers(text[:LONGEST_UNSENT])}, "kept_at": timezone.now()}
    UnsavedAnswers.objects.update_or_create(customer=customer, person=by, card=UNSENT, defaults=now)


def unsent_by(person: User, customer: Customer) -> str:
    """Return what the person typed and has not added."""
    kept = _unsent(customer, person).first()
    return str(kept.typed.get("text", "")) if kept else ""


def mark_seen(*, note: Note, by: User) -> None:
    """Note that the person has seen that the note mentions them."""
    _see(note.mentions.all(), by)


def mark_customer_seen(*, customer: Customer, by: User) -> None:
    """Note that the person has opened the customer, and so has seen what mentions them there."""
    _see(Mention.objects.filter(note__customer=customer), by)


def _see(mentions: MentionQuerySet, person: User) -> None:
    # Clocks of two machines may differ by a little.
    mentions.of(person).unseen().update(seen_at=Greatest(F("at"), timezone.now()))


def _unsent(customer: Customer, person: User) -> UnsavedAnswersQuerySet:
    return UnsavedAnswers.objects.filter(customer=customer).of(person).on(UNSENT)
