"""Effects at the provider: wanted in the web request, carried out by the worker, looked up before any repeat."""

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cryptomate import Client, CryptoMateError, RateLimited, Refused, Unauthorized
from provider import budget, circuit
from provider.causes import because_of
from provider.circuit import Held
from provider.client import forget, last_heard
from provider.effects import NeedsAPerson, NotReady, effect_of, lease_of
from provider.families import log_failure
from provider.models import CallKind, CallState, ProviderCall
from provider.waking import wake

LONGEST_WAIT = timedelta(minutes=5)
WAIT_WHILE_UNAUTHORIZED = timedelta(minutes=5)
ATTEMPTS_ALONE = 8  # after so many a call whose outcome stays dark is a person's to look at

NOTED = ["state", "next_attempt_at", "http_status", "error_code", "message", "trace_id"]


class AlreadyUnderway(Exception):  # noqa: N818 - it is an answer to a person, not a failure
    """The same thing is being done with other values; the message is the sentence the officer reads."""


def want(
    *,
    kind: CallKind,
    target: Model,
    customer_id: uuid.UUID | None,
    by: User | None,
    payload: Mapping[str, Any] | None = None,
    wake_worker: bool = True,
) -> ProviderCall:
    """Commit that an effect is wanted, with the caller's transaction, and wake a worker after it.

    A second wish for the same thing answers with the first one's call. Without `wake_worker` the broker is left alone
    and the next sweep finds the call: for requests that must not wait for it. Raises AlreadyUnderway when a call of
    this kind is open on this target with other values.
    """
    payload = dict(payload or {})
    digest = hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()
    try:
        with transaction.atomic():
            call = ProviderCall.objects.create(
                kind=kind,
                target_id=target.pk,
                customer_id=customer_id,
                payload=payload,
                payload_digest=digest,
                wanted_by=by,
                wanted_at=timezone.now(),
                next_attempt_at=Now(),
            )
    except IntegrityError:
        call = ProviderCall.objects.open().get(kind=kind, target_id=target.pk)
        if call.payload_digest != digest:
            raise AlreadyUnderway(f"{call.get_kind_display()}: still under way. Try again when it is done.") from None
        return call
    if wake_worker:
        wake("provider.tasks.carry_out", call_id=str(call.pk))
    return call


def look_again(*, call: ProviderCall) -> bool:
    """Make a call due now that waits for a person, or has not left yet; answer whether it was such a one.

    A call that somebody is carrying out at this moment is left alone: two at once would do it twice.
    """
    waiting = ProviderCall.objects.waiting_for_a_person_or_unsent().filter(pk=call.pk)
    is_due = bool(waiting.update(next_attempt_at=Now()))
    if is_due:
        wake("provider.tasks.carry_out", call_id=str(call.pk))
    return is_due


@transaction.atomic
def hasten(*, call: ProviderCall, by: User) -> bool:
    """Look again because somebody asks; answer whether the call waited for that. Raises PermissionDenied."""
    if not by.has_perm("provider.hasten_providercall"):
        raise PermissionDenied
    is_due = look_again(call=call)
    if is_due:
        record(kind=Kind.CALL_HASTENED, by=by, customer_id=call.customer_id, subject=call)
    return is_due


class LeaseLost(Exception):  # noqa: N818 - it is an outcome, not a failure
    """Another worker took the call over while this one waited."""


class NotFoundOut(Exception):  # noqa: N818 - it is an outcome, not a failure
    """The provider refused to say what became of the call."""

    def __init__(self, error: Refused) -> None:
        super().__init__()
        self.error = error


def carry_out(call_id: uuid.UUID, *, client: Client) -> None:
    """Bring one call a step further: send it, or look up what became of it.

    Does nothing when the call is settled, not yet due, or in other hands, and while the provider may not be called.
    Every outcome ends in the row; what nobody expected is raised again after it.
    """
    if circuit.look().is_shut:
        return
    claimed = _claim(call_id)
    if claimed is None:
        return
    call, was_sent = claimed
    forget()
    try:
        _attempt(call, was_sent=was_sent, client=client)
    except Exception:
        _stumble(call)
        raise


def _attempt(call: ProviderCall, *, was_sent: bool, client: Client) -> None:
    try:
        _settle(call, answer=_ask(call, was_sent=was_sent, client=client))
    except LeaseLost:
        return
    except Held:
        _retry(call, was_sent=was_sent, wait=timedelta(seconds=1))
    except NotReady as missing:
        _retry(call, was_sent=was_sent, wait=_growing(call), message=str(missing))
    except NeedsAPerson as question:
        _hand_to_a_person(call, str(question))
    except NotFoundOut as refusal:
        log_failure(call, refusal.error)
        _postpone_look_up(call, refusal.error)
    except Refused as error:
        log_failure(call, error)
        _settle(call, error=error)
    except CryptoMateError as error:
        log_failure(call, error)
        _postpone(call, was_sent=was_sent, error=error)


def _claim(call_id: uuid.UUID) -> tuple[ProviderCall, bool] | None:
    """Take the call for one lease. Returns it and whether it had left before, so that we must look before we send.

    Leases are begun and ended by PostgreSQL's clock: a worker whose own is ahead would take over what others are at.
    """
    with transaction.atomic():
        due = ProviderCall.objects.due().select_for_update(skip_locked=True, no_key=True)
        call = due.filter(pk=call_id).first()
        if call is None:
            return None
        was_sent = call.state != CallState.WANTED
        call.state = CallState.UNKNOWN if was_sent else CallState.SENT
        call.sent_at = call.sent_at or timezone.now()
        call.attempts += 1
        call.next_attempt_at = Now() + lease_of(call)
        call.save(update_fields=["state", "sent_at", "attempts", "next_attempt_at"])
    return call, was_sent


def _ask(call: ProviderCall, *, was_sent: bool, client: Client) -> Any:
    if was_sent and (found := _look_up(call, client)) is not None:
        return found
    _take_turn(call)
    try:
        return effect_of(call).send(client, call)
    except Refused:
        # The first attempt may have arrived after we looked, and be what this one is refused for.
        if was_sent and (found := _look_up(call, client)) is not None:
            return found
        raise


def _look_up(call: ProviderCall, client: Client) -> Any | None:
    _take_turn(call)
    try:
        return effect_of(call).look_up(client, call)
    except Refused as error:
        raise NotFoundOut(error) from error


def _take_turn(call: ProviderCall) -> None:
    """Wait for the budget, then make sure that the call is still ours and begin its lease anew."""
    budget.take()
    with transaction.atomic():
        if not _still_ours(call):
            raise LeaseLost
        call.next_attempt_at = Now() + lease_of(call)
        call.save(update_fields=["next_attempt_at"])


def _settle(call: ProviderCall, *, answer: Any = None, error: Refused | None = None) -> None:
    with transaction.atomic():
        effect_of(call).lock(call)
        if not _still_ours(call):
            return
        call.state = CallState.REFUSED if error else CallState.DONE
        call.answered_at = timezone.now()
        call.next_attempt_at = None
        _note(call, error)
        call.save(update_fields=[*NOTED, "answered_at"])
        with because_of(call.pk):
            if error:
                effect_of(call).refused(call, error)
            else:
                effect_of(call).done(call, answer)


def _postpone(call: ProviderCall, *, was_sent: bool, error: CryptoMateError) -> None:
    """Try again later. Whether to send or to look first depends on whether the call may have acted."""
    may_have_acted = was_sent or getattr(error, "acted_possibly", False)
    wait = getattr(error, "retry_after", None)
    if isinstance(error, Unauthorized):
        delay = WAIT_WHILE_UNAUTHORIZED
    elif wait is not None:
        delay = timedelta(seconds=wait)
    else:
        delay = _growing(call)
    if not isinstance(error, RateLimited):
        delay *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, hides nothing
    _retry(call, was_sent=may_have_acted, wait=delay, error=error)


def _postpone_look_up(call: ProviderCall, error: Refused) -> None:
    """A refusal to show us the outcome says nothing about the outcome."""
    if call.attempts >= ATTEMPTS_ALONE:
        _hand_to_a_person(call, f"The provider does not show what became of this: {error.message}")
    else:
        _retry(call, was_sent=True, wait=_growing(call), error=error)


def _stumble(call: ProviderCall) -> None:
    """Something failed that we had not thought of. What was sent is looked up next, and in the end by a person."""
    if call.attempts >= ATTEMPTS_ALONE:
        _hand_to_a_person(call, "The answer could not be written down. An admin finds the error in the worker's log.")
    else:
        _retry(call, was_sent=True, wait=_growing(call))


def _growing(call: ProviderCall) -> timedelta:
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(call.attempts, 10)))


def _retry(
    call: ProviderCall,
    *,
    was_sent: bool,
    wait: timedelta,
    error: CryptoMateError | None = None,
    message: str = "",
) -> None:
    with transaction.atomic():
        if not _still_ours(call):
            return
        call.state = CallState.UNKNOWN if was_sent else CallState.WANTED
        call.next_attempt_at = Now() + wait
        if error:
            _note(call, error)
        call.message = message or call.message
        call.save(update_fields=NOTED)


def _hand_to_a_person(call: ProviderCall, question: str) -> None:
    with transaction.atomic():
        if not _still_ours(call):
            return
        call.state, call.next_attempt_at, call.message = CallState.UNKNOWN, None, question
        call.save(update_fields=NOTED)


def _still_ours(call: ProviderCall) -> bool:
    """Lock the row; another worker may have taken it over while we waited for an answer."""
    present = ProviderCall.objects.select_for_update(no_key=True).get(pk=call.pk)
    return present.is_open and present.attempts == call.attempts


def _note(call: ProviderCall, error: CryptoMateError | None) -> None:
    """Write down the last thing the provider said; an answer clears what an earlier attempt met."""
    heard = last_heard()
    call.http_status, call.trace_id = (heard.status, heard.trace_id) if heard else (None, "")
    call.error_code, call.message = "", ""
    if error:
        call.http_status, call.error_code = error.status, (error.code or type(error).__name__)[:80]
        call.message, call.trace_id = error.message or "", (error.trace_id or "")[:80]
