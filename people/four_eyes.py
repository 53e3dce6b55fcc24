"""Two people for one act: the first asks, another one approves, and what was asked for is carried out or nothing is.

An action that may need two people describes what is wanted as a `Wish` and calls `hold`. Where it says that the wish
waits, the action returns that instead of doing anything; approved, the action runs again for the first person with the
approval in its hand. Apps register at start how their acts are carried out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from people.approvals import DECIDES, KEPT, WAITS, Act, Approval, ApprovalState, FourEyes
from people.rights import NotAllowed, check_person_may

YOUR_OWN = "You asked for this yourself. Somebody else has to decide it."


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What exactly somebody wants done. `words` say it to whoever decides; `payload` holds it to the last detail."""

    act: Act
    words: str
    payload: Mapping[str, Any]
    about_type: str  # label of the model
    about_id: str
    customer_id: UUID | None = None

    @property
    def digest(self) -> str:
        bound = [self.act, self.about_type, self.about_id, self.payload]
        return hashlib.sha256(json.dumps(bound, sort_keys=True, default=str).encode()).hexdigest()


def wish_about(row: Model, *, act: Act, words: str, payload: Mapping[str, Any], customer_id: UUID | None) -> Wish:
    label = row._meta.label_lower
    return Wish(act=act, words=words, payload=payload, about_type=label, about_id=str(row.pk), customer_id=customer_id)


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """How an act about rows of one model is carried out once it is approved.

    `asks` are the permissions of the first person. `lock` takes the lock that the action takes first, so that people
    and approvals take theirs in one order. Without `carry_out` the first person does it, within the hour.
    """

    act: Act
    about_type: str
    asks: tuple[str, ...]
    lock: Callable[[Approval], object] | None = None
    carry_out: Callable[[Approval], object] | None = None


_carriers: dict[tuple[str, str], Carrier] = {}


def register(carrier: Carrier) -> None:
    _carriers[carrier.act, carrier.about_type] = carrier


# --- From within an action


def needs_two(act: Act) -> bool:
    """Answer whether an admin wants two people for every such act."""
    return FourEyes.objects.on_for(act) is not None


@transaction.atomic
def hold(wish: Wish, *, by: User, approval: Approval | None, is_needed: bool) -> Approval | None:
    """Return what waits for a second person, or None where the action may go on.

    With an approval in hand the action goes on, and has used it. Raises NotAllowed where that was for something else,
    or where somebody else has asked for something about the same.
    """
    if approval is not None:
        _use(approval, wish, by=by)
        return None
    return _ask(wish, by=by) if is_needed else None


def _ask(wish: Wish, *, by: User) -> Approval:
    now = timezone.now()
    _expire(Approval.objects.over(now=now).filter(act=wish.act, object_id=wish.about_id), now=now)
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                act=wish.act, object_type=wish.about_type, object_id=wish.about_id, customer_id=wish.customer_id,
                payload=dict(wish.payload), digest=wish.digest, words=wish.words,
                asked_by=by, asked_at=now, expires_at=now + WAITS,
            )  # fmt: skip
    except IntegrityError:
        return _asked_already(wish, by=by)
    _record(Kind.APPROVAL_ASKED, approval, by=by)
    return approval


def _asked_already(wish: Wish, *, by: User) -> Approval:
    asked = Approval.objects.filter(act=wish.act, object_id=wish.about_id, state=ApprovalState.ASKED)
    standing = asked.with_people().first()
    if standing is None:
        raise NotAllowed("Somebody decided about this at this moment. Look at what became of it, then ask again.")
    if standing.asked_by == by and standing.digest == wish.digest:
        return standing
    who, at = standing.asked_by.get_username(), _clock(standing.asked_at)
    if standing.digest == wish.digest:
        raise NotAllowed(f"{who} asked for the same {at}. It waits for a second person.")
    raise NotAllowed(f"{who} asked for something else here {at}. Have that decided or withdrawn first.")


def _use(approval: Approval, wish: Wish, *, by: User) -> None:
    approval = _locked(approval)
    is_for_this = approval.digest == wish.digest and approval.asked_by == by
    if not is_for_this or approval.state != ApprovalState.APPROVED or approval.expires_at <= timezone.now():
        raise NotAllowed("What was asked for has changed since, so the approval does not hold. Ask for it again.")
    approval.state, approval.used_at = ApprovalState.CARRIED_OUT, timezone.now()
    approval.save(update_fields=["state", "used_at"])


def approver(approval: Approval | None) -> dict[str, str]:
    """Return what the record of an act says of its second person, where it had one."""
    return {"approved_by": approval.decided_by.get_username()} if approval and approval.decided_by else {}


def approved_for(wish: Wish, *, by: User) -> Approval | None:
    """Return the approval that the person got for exactly this and has not used: for acts they do themselves."""
    standing = Approval.objects.standing(now=timezone.now()).filter(state=ApprovalState.APPROVED, asked_by=by)
    return standing.filter(act=wish.act, object_id=wish.about_id, digest=wish.digest).with_people().first()


# --- What people decide


@transaction.atomic
def approve(*, approval: Approval, by: User, note: str = "") -> Approval:
    """Approve what somebody else asked for, and carry it out in the same transaction.

    Raises NotAllowed, and whatever the act is refused with by now: then nothing is decided.
    """
    carrier = _carriers[approval.act, approval.object_type]
    if carrier.lock:
        carrier.lock(approval)
    approval = _locked(approval)
    _check_may_decide(approval, by=by)
    _check_first_still_may(approval, carrier)
    _decide(approval, ApprovalState.APPROVED, by=by, note=note)
    _record(Kind.APPROVAL_APPROVED, approval, by=by, note=note)
    if carrier.carry_out is None:
        approval.expires_at = timezone.now() + KEPT
        approval.save(update_fields=["expires_at"])
        return approval
    carrier.carry_out(approval)
    approval.refresh_from_db()
    if approval.state != ApprovalState.CARRIED_OUT:
        raise RuntimeError(f"{approval.act} was carried out without its approval")
    return approval


@transaction.atomic
def refuse(*, approval: Approval, by: User, note: str) -> Approval:
    """Refuse what somebody else asked for; the note tells them why. Raises NotAllowed."""
    approval = _locked(approval)
    _check_may_decide(approval, by=by)
    if not note:
        raise NotAllowed("Say why, so that who asked for it knows what to do.")
    _decide(approval, ApprovalState.REFUSED, by=by, note=note)
    _record(Kind.APPROVAL_REFUSED, approval, by=by, note=note)
    return approval


@transaction.atomic
def withdraw(*, approval: Approval, by: User) -> Approval:
    """Take back what one asked for oneself. Raises NotAllowed."""
    approval = _locked(approval)
    if approval.asked_by != by:
        raise NotAllowed(f"{approval.asked_by.get_username()} asked for this, and only they can withdraw it.")
    _check_waits(approval)
    approval.state = ApprovalState.WITHDRAWN
    approval.save(update_fields=["state"])
    _record(Kind.APPROVAL_WITHDRAWN, approval, by=by)
    return approval


@transaction.atomic
def expire_due(*, now: datetime) -> int:
    """Let go of what nobody decided or used in time; return how many there were."""
    return _expire(Approval.objects.over(now=now), now=now)


@transaction.atomic
def choose_four_eyes(*, setting: FourEyes, by: User) -> None:
    """Say for what two people are needed. Raises NotAllowed."""
    check_person_may(by, "people.change_foureyes")
    stored = FourEyes.objects.select_for_update().filter(pk=setting.pk).first() or FourEyes(pk=setting.pk)
    before = _recorded(stored)
    setting.save()
    record(
        kind=Kind.FOUR_EYES_CHANGED, by=by, subject=setting, before=before, after=_recorded(setting),
        note=str(setting),
    )  # fmt: skip


# --- Steps of these


def _locked(approval: Approval) -> Approval:
    rows = Approval.objects.select_for_update(no_key=True, of=("self",)).with_people()
    return rows.get(pk=approval.pk)


def _check_may_decide(approval: Approval, *, by: User) -> None:
    if approval.asked_by == by:
        raise NotAllowed(YOUR_OWN)
    check_person_may(by, DECIDES[approval.act_choice])
    _check_waits(approval)


def _check_waits(approval: Approval) -> None:
    if approval.decided_by and approval.decided_at:
        what = "refused" if approval.state == ApprovalState.REFUSED else "approved"
        raise NotAllowed(f"{approval.decided_by.get_username()} {what} this {_clock(approval.decided_at)} already.")
    if approval.state == ApprovalState.WITHDRAWN:
        raise NotAllowed(f"{approval.asked_by.get_username()} has withdrawn this.")
    if approval.state != ApprovalState.ASKED or approval.expires_at <= timezone.now():
        raise NotAllowed("This waited too long and has expired. Whoever still wants it asks again.")


def _check_first_still_may(approval: Approval, carrier: Carrier) -> None:
    if not approval.asked_by.has_perms(carrier.asks):
        name = approval.asked_by.get_username()
        raise NotAllowed(f"{name} may not do this any more, so it cannot be carried out. Refuse it.")


def _decide(approval: Approval, state: ApprovalState, *, by: User, note: str) -> None:
    approval.state, approval.decided_by, approval.decided_at = state, by, timezone.now()
    approval.decision_note = note
    approval.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])


def _expire(over: Any, *, now: datetime) -> int:
    rows = list(over.select_for_update(skip_locked=True, no_key=True))
    for approval in rows:
        approval.state = ApprovalState.EXPIRED
        approval.save(update_fields=["state"])
        _record(Kind.APPROVAL_EXPIRED, approval, by=None)
    return len(rows)


def _record(kind: Kind, approval: Approval, *, by: User | None, note: str = "") -> None:
    said = f"{approval.words} “{note}”" if note else approval.words
    record(kind=kind, by=by, customer_id=approval.customer_id, subject=approval, note=said)


def _recorded(setting: FourEyes) -> dict[str, Any]:
    threshold = setting.threshold
    return {"is_on": setting.is_on, "threshold": None if threshold is None else f"{threshold:.2f}"}


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"at {local:%H:%M}" if local.date() == timezone.localdate() else f"on {local:%d %b at %H:%M}"
