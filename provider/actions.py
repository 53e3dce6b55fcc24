"""Effects at the provider: wanted in the web request, carried out by the worker, looked up before any repeat."""

import hashlib
import json
import logging
import random
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from cryptomate import Client, CryptoMateError, RateLimited, Refused, Unauthorized
from provider import budget
from provider.client import forget, last_heard
from provider.effects import NeedsAPerson, effect_of
from provider.models import LEASE, CallKind, CallState, ProviderCall
from provider.waking import wake

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(minutes=5)
WAIT_WHILE_UNAUTHORIZED = timedelta(minutes=5)


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
    now = timezone.now()
    try:
        with transaction.atomic():
            call = ProviderCall.objects.create(
                kind=kind,
                target_id=target.pk,
                customer_id=customer_id,
                payload=payload,
                payload_digest=digest,
                wanted_by=by,
                wanted_at=now,
                next_attempt_at=now,
            )
    except IntegrityError:
        call = ProviderCall.objects.open().get(kind=kind, target_id=target.pk)
        if call.payload_digest != digest:
            raise AlreadyUnderway(f"{call.get_kind_display()}: still under way. Try again when it is done.") from None
        return call
    if wake_worker:
        wake("provider.tasks.carry_out", call_id=str(call.pk))
    return call


def look_again(*, call: ProviderCall) -> None:
    """Make an open call due now, for example after a person has read what the provider shows."""
    ProviderCall.objects.open().filter(pk=call.pk).update(next_attempt_at=timezone.now())
    wake("provider.tasks.carry_out", call_id=str(call.pk))


def carry_out(call_id: uuid.UUID, *, client: Client) -> None:
    """Bring one call a step further: send it, or look up what became of it.

    Does nothing when the call is settled, not yet due, or in other hands. Every outcome ends in the row.
    """
    claimed = _claim(call_id, now=timezone.now())
    if claimed is None:
        return
    call, was_sent = claimed
    forget()
    try:
        answer = _ask(call, was_sent=was_sent, client=client)
    except budget.BudgetSpent:
        _retry(call, was_sent=was_sent, wait=timedelta(seconds=1))
    except NeedsAPerson as question:
        _hand_to_a_person(call, question)
    except Refused as error:
        _settle(call, error=error)
    except CryptoMateError as error:
        _postpone(call, was_sent=was_sent, error=error)
    else:
        _settle(call, answer=answer)


def _claim(call_id: uuid.UUID, *, now: datetime) -> tuple[ProviderCall, bool] | None:
    """Take the call for one lease. Returns it and whether it had left before, so that we must look before we send."""
    with transaction.atomic():
        call = (
            ProviderCall.objects.due(now=now)
            .select_for_update(skip_locked=True, no_key=True)
            .filter(pk=call_id)
            .first()
        )
        if call is None:
            return None
        was_sent = call.state != CallState.WANTED
        call.state = CallState.UNKNOWN if was_sent else CallState.SENT
        call.sent_at = call.sent_at or now
        call.attempts += 1
        call.next_attempt_at = now + LEASE
        call.save(update_fields=["state", "sent_at", "attempts", "next_attempt_at"])
    return call, was_sent


def _ask(call: ProviderCall, *, was_sent: bool, client: Client) -> Any:
    if was_sent and (found := _look_up(call, client)) is not None:
        return found
    budget.take()
    try:
        return effect_of(call).send(client, call)
    except Refused:
        # The first attempt may have arrived after we looked, and be what this one is refused for.
        if was_sent and (found := _look_up(call, client)) is not None:
            return found
        raise


def _look_up(call: ProviderCall, client: Client) -> Any | None:
    budget.take()
    return effect_of(call).look_up(client, call)


def _settle(call: ProviderCall, *, answer: Any = None, error: Refused | None = None) -> None:
    with transaction.atomic():
        effect_of(call).lock(call)
        if not _still_ours(call):
            return
        call.state = CallState.REFUSED if error else CallState.DONE
        call.answered_at = timezone.now()
        call.next_attempt_at = None
        _note(call, error)
        call.save(
            update_fields=[
                "state", "answered_at", "next_attempt_at", "http_status", "error_code", "message", "trace_id",
            ]
        )  # fmt: skip
        if error:
            effect_of(call).refused(call, error)
        else:
            effect_of(call).done(call, answer)


def _postpone(call: ProviderCall, *, was_sent: bool, error: CryptoMateError) -> None:
    """Try again later. Whether to send or to look first depends on whether the call may have acted."""
    may_have_acted = was_sent or getattr(error, "acted_possibly", False)
    wait = getattr(error, "retry_after", None)
    if isinstance(error, Unauthorized):
        logger.error("The provider refuses our API key (%s, trace %s)", error.code, error.trace_id)
        delay = WAIT_WHILE_UNAUTHORIZED
    elif wait is not None:
        delay = timedelta(seconds=wait)
    else:
        delay = min(LONGEST_WAIT, timedelta(seconds=2 ** min(call.attempts, 10)))
    if not isinstance(error, RateLimited):
        delay *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, hides nothing
    _retry(call, was_sent=may_have_acted, wait=delay, error=error)


def _retry(call: ProviderCall, *, was_sent: bool, wait: timedelta, error: CryptoMateError | None = None) -> None:
    with transaction.atomic():
        if not _still_ours(call):
            return
        call.state = CallState.UNKNOWN if was_sent else CallState.WANTED
        call.next_attempt_at = timezone.now() + wait
        _note(call, error)
        call.save(update_fields=["state", "next_attempt_at", "http_status", "error_code", "message", "trace_id"])


def _hand_to_a_person(call: ProviderCall, question: NeedsAPerson) -> None:
    with transaction.atomic():
        if not _still_ours(call):
            return
        call.state, call.next_attempt_at, call.message = CallState.UNKNOWN, None, str(question)
        call.save(update_fields=["state", "next_attempt_at", "message"])


def _still_ours(call: ProviderCall) -> bool:
    """Lock the row; another worker may have taken it over while we waited for an answer."""
    present = ProviderCall.objects.select_for_update(no_key=True).get(pk=call.pk)
    return present.is_open and present.attempts == call.attempts


def _note(call: ProviderCall, error: CryptoMateError | None) -> None:
    heard = last_heard()
    if heard:
        call.http_status, call.trace_id = heard.status, heard.trace_id
    if error:
        call.http_status, call.error_code = error.status, error.code or type(error).__name__
        call.message, call.trace_id = error.message or "", error.trace_id or ""
