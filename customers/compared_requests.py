"""Compares a customer's requests with the provider's: what changed is followed, what only one side has is listed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptomate import ProductRequest
from customers import following
from customers.comparison_runs import Turn
from customers.comparisons import EXISTENCE, Discrepancy, Side
from customers.differing import Difference
from customers.discrepancies import close, missing, note_one, note_taken
from customers.models import PRODUCT, Customer, EnablementRequest, RequirementSnapshot
from customers.statuses import OPEN_REQUEST_STATUSES, REQUEST_WORDS, RequestStatus, Source

OPEN_REQUEST = "open_request"


def follow_requests(turn: Turn, customer: Customer, remotes: Sequence[ProductRequest]) -> None:
    """Follow what changed. Most say what they said before, and those are left unwritten."""
    ours = {each.api_id: each for each in customer.requests.all()}
    newest = customer.newest_request
    changed = False
    for remote in reversed(remotes):  # the provider lists the newest first
        known = ours.get(remote.id)
        is_old = known is not None and not known.is_open and known != newest
        if remote.product == PRODUCT and not is_old and not (known and _stands(known, remote)):
            changed |= _follow_one(turn, customer, known, remote)
    _note_lost(turn, customer, newest, {each.id for each in remotes})
    if changed:
        following.follow_customer(customer, source=Source.SYNC)


def _stands(known: EnablementRequest, remote: ProductRequest) -> bool:
    status = REQUEST_WORDS.get(remote.status.lower())
    is_said = known.remote_status == remote.status[: following.LONGEST_WORD]
    return (
        (known.status == status if status else is_said)
        and known.rejection_code == remote.rejection_code[: following.LONGEST_CODE]
        and known.rejection_description == remote.rejection_description
        and _as_stored(known.missing_requirements) == _as_stored(remote.missing_requirements.raw)
    )


def _as_stored(missing: Mapping[str, Any]) -> str:
    return json.dumps(dict(missing), sort_keys=True, default=str)


def _follow_one(turn: Turn, customer: Customer, known: EnablementRequest | None, remote: ProductRequest) -> bool:
    """Follow one request, and adopt one that was opened in the provider's own portal."""
    other = customer.requests.open().exclude(api_id=remote.id).first()
    if (
        known is None
        and other
        and REQUEST_WORDS.get(remote.status.lower(), RequestStatus.REQUESTED) in OPEN_REQUEST_STATUSES
    ):
        _note_two(turn, customer, other, remote)
        return False
    before = known.get_status_display() if known else "We did not know it"
    occasion = RequirementSnapshot.Occasion.SYNC
    request = following.follow_request(customer, remote, occasion=occasion, source=Source.SYNC)
    label, after = _what_changed(known, request)
    note_followed(turn, Side.REQUEST, request, customer, label, before, after)
    return True


def _what_changed(known: EnablementRequest | None, request: EnablementRequest) -> tuple[str, str]:
    request.refresh_from_db()
    after = request.get_status_display()
    if known is None:
        return "Request opened at CryptoMate", after
    return ("Status", after) if known.status != request.status else ("What CryptoMate asks for", after)


def _note_two(turn: Turn, customer: Customer, ours: EnablementRequest, remote: ProductRequest) -> None:
    """Two open requests cannot both be followed: a person looks which of them stands."""
    theirs = f"Another one is open there: {remote.status}"
    found = Difference(OPEN_REQUEST, "Open request", ours.get_status_display(), theirs, {})
    turn.run.add(found=note_one(Side.REQUEST, str(ours.pk), found, customer=customer, run=turn.run))


def _note_lost(turn: Turn, customer: Customer, newest: EnablementRequest | None, listed: set[str]) -> None:
    """Write down a request of ours that the provider does not list; one that is closed by now settles the rest."""
    if newest and newest.api_id not in listed:
        new = note_one(Side.REQUEST, str(newest.pk), missing("request"), customer=customer, run=turn.run)
        turn.run.add(found=new)
    settled = [str(each.pk) for each in customer.requests.all() if each.api_id in listed]
    about = Discrepancy.objects.standing().filter(record=Side.REQUEST, key__in=settled)
    close(about.filter(field=EXISTENCE))
    if len(listed) == len(settled):
        close(about.filter(field=OPEN_REQUEST))


def note_followed(
    turn: Turn, side: Side, row: Customer | EnablementRequest, customer: Customer, label: str, ours: str, theirs: str
) -> None:
    note_taken(side, str(row.pk), label, ours=ours, theirs=theirs, customer=customer, run=turn.run)
    turn.run.add(taken=1)
