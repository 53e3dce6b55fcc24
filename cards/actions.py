"""What people do to cards, and what webhooks say about them. Each act commits with its record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards.deposits import record_deposit as record_deposit
from cards.models import LIMITS, Card, Challenge, Notice
from cards.policies import (
    Limits,
    check_can_change_limits,
    check_can_delete,
    check_can_freeze,
    check_can_unfreeze,
    check_holder_name,
    check_not_being_deleted,
    check_nothing_under_way,
    needs_two_for_limits,
)
from cards.statuses import CARD_WORDS, HELD, ApprovalMethod, CardStatus, HoldReason
from customers.models import Customer
from customers.policies import NotAllowed, check_can_issue, check_person_may
from customers.statuses import Source
from people.approvals import Act, Approval
from people.four_eyes import approver, hold, needs_two, wish_about
from provider import circuit
from provider.actions import want
from provider.models import CallKind, ProviderCall
from provider.waking import wake


@transaction.atomic
def issue_card(
    *,
    customer: Customer,
    holder_name: str,
    approval_method: ApprovalMethod,
    limits: Limits,
    by: User,
    form_id: str = "",
    approval: Approval | None = None,
) -> ProviderCall | Approval:
    """Want a card for the customer; it appears when the provider answers.

    Where two people are needed for such limits, and this is not the approval, return what waits for the second one.
    The same `form_id` again is the same wish. Raises NotAllowed, and AlreadyUnderway while another card is issued.
    """
    check_person_may(by, "cards.issue_card")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    check_can_issue(customer)
    check_holder_name(holder_name)
    earlier = _call_of_form(customer, form_id)
    if earlier and approval:
        raise NotAllowed("The same form was sent once more, and its card is issued already. Refuse this one.")
    if earlier:
        return earlier
    wish = {"holder_name": holder_name, "approval_method": str(approval_method), **_written(limits)}
    payload = {**wish, "form_id": form_id}
    asked = wish_about(
        customer, act=Act.ISSUE_CARD, payload=payload, customer_id=customer.pk,
        words=f"Issue a card in the name of {holder_name}, {approval_method.short}, {in_words(limits)}.",
    )  # fmt: skip
    if held := hold(asked, by=by, approval=approval, is_needed=needs_two_for_limits(limits)):
        return held
    after = {**wish, **approver(approval)}
    return _want(CallKind.ISSUE_CARD, customer, payload=payload, by=by, kind=Kind.CARD_ISSUED, after=after)


def _call_of_form(customer: Customer, form_id: str) -> ProviderCall | None:
    calls = ProviderCall.objects.about(customer.pk).filter(kind=CallKind.ISSUE_CARD)
    return next((call for call in calls if form_id and call.payload.get("form_id") == form_id), None)


@transaction.atomic
def set_frozen(*, card: Card, freeze: bool, by: User) -> ProviderCall:
    """Want the card frozen or unfrozen. Raises NotAllowed, and AlreadyUnderway while the other is being done."""
    check_person_may(by, "cards.freeze_card")
    card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    (check_can_freeze if freeze else check_can_unfreeze)(card)
    check_not_being_deleted(card)
    kind = Kind.CARD_FROZEN if freeze else Kind.CARD_UNFROZEN
    return _want(CallKind.SET_FROZEN, card, payload={"freeze": freeze}, by=by, kind=kind)


@transaction.atomic
def set_limits(*, card: Card, limits: Limits, by: User, approval: Approval | None = None) -> ProviderCall | Approval:
    """Want all four limits replaced: one that is not given is removed. Raises NotAllowed and AlreadyUnderway.

    Where two people are needed to raise them so far, and this is not the approval, return what waits for the second.
    """
    check_person_may(by, "cards.change_card_limits")
    card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    check_can_change_limits(card)
    check_not_being_deleted(card)
    wish = _written(limits)
    asked = wish_about(
        card, act=Act.ISSUE_CARD, payload=wish, customer_id=card.customer_id,
        words=f"Change the limits of {card.masked}: {changes_in_words(limits, before=card.limits)}.",
    )  # fmt: skip
    if held := hold(asked, by=by, approval=approval, is_needed=needs_two_for_limits(limits, before=card.limits)):
        return held
    return _want(
        CallKind.SET_LIMITS,
        card,
        payload=wish,
        by=by,
        kind=Kind.CARD_LIMITS_CHANGED,
        before=_written(card.limits),
        after={**wish, **approver(approval)},
    )


@transaction.atomic
def delete_card(*, card: Card, by: User, approval: Approval | None = None) -> ProviderCall | Approval:
    """Want the card deleted at the provider, for good. Raises NotAllowed.

    Where two people are needed, and this is not the approval, return what waits for the second one.
    """
    check_person_may(by, "cards.cancel_card")
    card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    check_can_delete(card)
    check_nothing_under_way(card)
    asked = wish_about(
        card, act=Act.DELETE_CARD, payload={"api_id": card.api_id}, customer_id=card.customer_id,
        words=f"Delete card {card.masked} of {card.holder_name}, for good.",
    )  # fmt: skip
    if held := hold(asked, by=by, approval=approval, is_needed=needs_two(Act.DELETE_CARD)):
        return held
    return _want(CallKind.DELETE_CARD, card, payload={}, by=by, kind=Kind.CARD_DELETED, after=approver(approval))


def _want(
    effect: CallKind, target: Customer | Card, *, payload: dict[str, Any], by: User, kind: Kind, **recorded: Any
) -> ProviderCall:
    """Want the effect and record who wanted it; a second wish for the same thing is neither."""
    standing = set(ProviderCall.objects.open().filter(kind=effect, target_id=target.pk).values_list("pk", flat=True))
    call = want(kind=effect, target=target, customer_id=target.owner_id(), by=by, payload=payload)
    if call.pk not in standing:
        record(kind=kind, by=by, customer_id=target.owner_id(), subject=target, **recorded)
    return call


def _written(limits: Limits) -> dict[str, str | None]:
    """Return all four limits in words that JSON keeps exactly."""
    values = {name: limits.get(name) for name in LIMITS}
    return {name: None if value is None else f"{value.normalize():f}" for name, value in values.items()}


def in_words(limits: Limits) -> str:
    """Say the limits to whoever decides about them: "daily 100.00 USD, monthly 2,000.00 USD"."""
    given = [
        f"{label.lower()} {limit:,.2f} USD" for name, label in LIMITS.items() if (limit := limits.get(name)) is not None
    ]
    return ", ".join(given) or "no limits"


def changes_in_words(limits: Limits, *, before: Limits) -> str:
    """Say what changes: "daily 100.00 USD instead of no limit"."""

    def one(values: Limits, name: str) -> str:
        limit = values.get(name)
        return "no limit" if limit is None else f"{limit:,.2f} USD"

    changed = [name for name in LIMITS if limits.get(name) != before.get(name)]
    return ", ".join(f"{LIMITS[name].lower()} {one(limits, name)} instead of {one(before, name)}" for name in changed)


def ask_for_refresh(card: Card) -> None:
    """Have a worker read the card at the provider, when what we show is old and nobody has asked yet."""
    if Card.objects.claim_refresh(card, now=timezone.now()):
        wake("cards.tasks.refresh_card", card_id=str(card.pk))


@transaction.atomic
def refresh_now(*, card: Card, by: User) -> None:
    """Have a worker read the card and its movements at the provider now, because a person asked. Raises NotAllowed."""
    check_person_may(by, "cards.refresh_card")
    record(kind=Kind.CARD_REFRESHED, by=by, customer_id=card.customer_id, subject=card)
    read_soon(card)


def read_soon(card: Card) -> None:
    circuit.hasten_probe()
    Card.objects.filter(pk=card.pk).update(refresh_asked_at=timezone.now())
    wake("cards.tasks.refresh_card", card_id=str(card.pk))
    wake("cards.tasks.poll_card", card_id=str(card.pk))


# --- What the provider says


@transaction.atomic
def follow_status(
    card: Card, word: str, *, source: Source, hold_reason: str = "", by: User | None = None, note: str = ""
) -> None:
    """Bring the card's status in line with the provider's word; a word we do not know is kept and changes nothing.

    A card that becomes held without a reason given is held by the provider; one held already keeps its reason. One
    that is released is counted anew by the velocity rules (products/cards: unblocking resets the counter).
    """
    card = _locked(card)
    was_held = card.status in HELD
    status = CARD_WORDS.get(word.lower())
    if card.remote_status != word:
        card.remote_status = word[:40]
        card.save(update_fields=["remote_status"])
    if status is None:
        return
    if status not in HELD:
        _note_hold(card, reason="")
    if card.change_status(status, source=source, by=by, note=note) and status in HELD:
        _note_hold(card, reason=hold_reason or HoldReason.PROVIDER)
    elif hold_reason and status in HELD:
        _note_hold(card, reason=hold_reason)
    elif was_held and status == CardStatus.ACTIVE:
        card.velocity_reset_at = timezone.now()
        card.save(update_fields=["velocity_reset_at"])


def _note_hold(card: Card, *, reason: str) -> None:
    if card.hold_reason != reason:
        card.hold_reason = reason
        card.save(update_fields=["hold_reason"])


@transaction.atomic
def record_velocity_block(
    *,
    card: Card,
    at: datetime,
    max_authorizations: int | None = None,
    window_seconds: int | None = None,
    word: str = CardStatus.FROZEN,
) -> None:
    """Note that a velocity rule stopped the card: an individual card is frozen by it, a company's is blocked."""
    follow_status(card, word, source=Source.WEBHOOK, hold_reason=HoldReason.VELOCITY)
    rule = f": more than {max_authorizations} purchases in {window_seconds} s" if max_authorizations else ""
    leave_notice(card=card, kind=Notice.Kind.VELOCITY, text=f"A velocity rule stopped {card.masked}{rule}.", at=at)


@transaction.atomic
def record_challenge(*, card: Card, challenge_id: str, data: Mapping[str, Any]) -> Challenge:
    """Record a purchase that waits for the cardholder's approval. `data` holds the columns of Challenge."""
    challenge, created = Challenge.objects.get_or_create(challenge_id=challenge_id, defaults={**data, "card": card})
    if created:
        text = f"{card.masked}: a purchase at {challenge.merchant_name or 'a merchant'} waits for the cardholder."
        leave_notice(card=card, kind=Notice.Kind.CHALLENGE, text=text, at=challenge.received_at)
    return challenge


def leave_notice(*, card: Card, kind: str, text: str, at: datetime) -> Notice:
    """Leave something a person must see; the same at the same moment is left once."""
    notice, _ = Notice.objects.get_or_create(
        card=card, kind=kind, created_at=at, defaults={"customer_id": card.customer_id, "text": text[:300]}
    )
    return notice


def _locked(card: Card) -> Card:
    return Card.objects.select_for_update(no_key=True).get(pk=card.pk)
