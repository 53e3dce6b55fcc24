"""Compares customers and their requests with the provider's: what is plain is followed, the rest is written down.

The provider's list of clients is read whole (contract section 2.2 knows no pages). Requests are in no list, so each
night a thirtieth of the customers is asked about one by one, those first that were asked about longest ago.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from cryptomate import CryptoMateError, MalformedAnswer, NotFound, Refused, RemoteClient
from customers import following
from customers.compared_requests import follow_requests, note_followed
from customers.comparison_runs import Step, Turn
from customers.comparisons import (
    LEASE,
    Comparison,
    ComparisonClock,
    Discrepancy,
    Side,
)
from customers.differing import differences
from customers.discrepancies import close, close_existence, missing, note_data, note_one, unknown
from customers.models import Customer
from customers.statuses import CLIENT_WORDS, Source
from provider.circuit import Held
from provider.models import ProviderCall

logger = logging.getLogger(__name__)

LISTED_UP_TO = 20_000  # customers for whom the whole list is asked for at once; more would not fit an answer
CHUNK = 500  # customers compared with one query
MOST_UNKNOWN = 200  # clients of somebody else's that one run writes down
BATCH = 40  # customers that one turn asks about
TOGETHER = 2 * BATCH  # customers that all workers together ask about at a time
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Overtaken(Exception):  # noqa: N818 - it is an outcome, not a failure
    """Something was written while the provider was read: what was read may be the older."""


class UnderWay(Exception):  # noqa: N818 - it is an outcome, not a failure
    """A call about the customer is open: what differs is about to change."""


# --- The list of clients


def compare_clients(turn: Turn) -> bool:
    """Compare every customer with the one list. A programme too large for one answer is asked about one by one."""
    if Customer.objects.exclude(api_id=None).count() > LISTED_UP_TO:
        return True
    asked_at = timezone.now()
    turn.take()
    listed = {each.id: each for each in turn.client.list_clients()}
    if turn.run.cursor == 0:
        ComparisonClock.objects.filter(is_unlisted=True).update(is_unlisted=False)
    for chunk in _chunks(listed.values()):
        _compare_listed(turn, chunk, asked_at=asked_at)
    _mark_unlisted(listed, asked_at=asked_at)
    _note_strangers(turn, listed)
    Comparison.objects.filter(pk=turn.run.pk).update(has_listed_clients=True)
    return True


def _chunks(clients: Iterable[RemoteClient]) -> Iterator[list[RemoteClient]]:
    each = iter(clients)
    while chunk := list(islice(each, CHUNK)):
        yield chunk


def _compare_listed(turn: Turn, chunk: Sequence[RemoteClient], *, asked_at: datetime) -> None:
    """Compare without a lock first: hardly any row differs, and only those are locked and compared again."""
    remotes = {each.id: each for each in chunk}
    customers = list(Customer.objects.filter(api_id__in=remotes))
    keys = [str(customer.pk) for customer in customers]
    standing = set(
        Discrepancy.objects.standing().filter(record=Side.CUSTOMER, key__in=keys).values_list("key", flat=True)
    )
    for customer in customers:
        remote = remotes[str(customer.api_id)]
        if str(customer.pk) in standing or _differs(customer, remote):
            _follow_listed(turn, customer, remote, asked_at=asked_at)
    turn.run.add(compared=len(customers))


def _differs(customer: Customer, remote: RemoteClient) -> bool:
    return customer.remote_status != remote.status[: following.LONGEST_WORD] or bool(differences(customer, remote))


def _follow_listed(turn: Turn, customer: Customer, remote: RemoteClient, *, asked_at: datetime) -> None:
    try:
        with transaction.atomic():
            customer = _locked(customer, asked_at=asked_at)
            close_existence(Side.CUSTOMER, [str(customer.pk)])
            follow_remote_client(turn, customer, remote)
    except (Overtaken, UnderWay):
        return  # the next comparison sees it


def _mark_unlisted(listed: Iterable[str], *, asked_at: datetime) -> None:
    """Ask first about those whom the list does not name: being left out of a list alone is no proof."""
    ours = Customer.objects.exclude(api_id=None).filter(created_at__lt=asked_at)
    left_out = set(ours.values_list("api_id", flat=True)) - set(listed)
    clocks = ComparisonClock.objects.filter(customer__api_id__in=list(left_out)[:LISTED_UP_TO])
    clocks.update(is_unlisted=True, compared_at=LONG_AGO)


def _note_strangers(turn: Turn, listed: dict[str, RemoteClient]) -> None:
    """Write down clients that we do not know, but for those whose registration is on its way here."""
    ours = set(Customer.objects.exclude(api_id=None).values_list("api_id", flat=True))
    strangers = [each for key, each in listed.items() if key not in ours]
    arriving = {
        (email.casefold(), birth_date)
        for email, birth_date in Customer.objects.filter(api_id=None).values_list("email", "birth_date")
    }
    strangers = [each for each in strangers if (each.email.casefold(), each.birth_date) not in arriving]
    known = {each.id for each in strangers}
    close(Discrepancy.objects.standing().filter(record=Side.REMOTE_CLIENT).exclude(key__in=known))
    for remote in strangers[:MOST_UNKNOWN]:
        found = unknown(f"{remote.first_name} {remote.last_name}, {remote.email}", {})
        turn.run.add(found=note_one(Side.REMOTE_CLIENT, remote.id[:80], found, run=turn.run))


# --- One by one


def compare_customers(turn: Turn) -> bool:
    """Ask about the next few customers; answers whether tonight's share is through."""
    clocks = _claim(turn.run)
    if not clocks:
        return _is_through(turn.run)
    for number, clock in enumerate(clocks):
        if turn.is_late:
            _release(clocks[number:])
            break
        try:
            _compare_one(turn, clock)
        except (Held, CryptoMateError):
            _release(clocks[number:])
            raise
    return False


def _release(clocks: Sequence[ComparisonClock]) -> None:
    ComparisonClock.objects.filter(pk__in=[each.pk for each in clocks]).update(claimed_until=None)


def _claim(run: Comparison) -> list[ComparisonClock]:
    """Take customers for one lease. The run's row is locked meanwhile, so that together no more than its share go."""
    now = timezone.now()
    with transaction.atomic():
        run = Comparison.objects.select_for_update(no_key=True).get(pk=run.pk)
        if not run.is_running:
            return []
        out = ComparisonClock.objects.filter(claimed_until__gt=now, claimed_until__lte=now + LEASE).count()
        room = min(BATCH, TOGETHER - out, run.quota - run.asked - out)
        due = ComparisonClock.objects.due(run).free(now=now).order_by("compared_at")
        claimed = list(due.select_for_update(skip_locked=True, no_key=True)[: max(room, 0)])
        ComparisonClock.objects.filter(pk__in=[each.pk for each in claimed]).update(claimed_until=now + LEASE)
    return claimed


def _is_through(run: Comparison) -> bool:
    """Answer whether nobody is left to ask about: those in other hands are waited for, those set aside are not."""
    run.refresh_from_db()
    now = timezone.now()
    in_hand = ComparisonClock.objects.filter(claimed_until__gt=now, claimed_until__lte=now + LEASE).exists()
    is_spent = run.asked >= run.quota or not ComparisonClock.objects.due(run).free(now=now).exists()
    return run.is_running and is_spent and not in_hand


def _compare_one(turn: Turn, clock: ComparisonClock) -> None:
    """Compare one customer, and note what came of it. Raises Held and the errors that say the provider is away."""
    customer = Customer.objects.get(pk=clock.customer_id)
    try:
        compare_customer(turn, customer, asks_client=clock.is_unlisted or not turn.run.has_listed_clients)
    except UnderWay:
        _set_aside(clock, until=max(turn.run.ends_at, timezone.now() + 2 * LEASE))
        return
    except Overtaken:
        _set_aside(clock, until=None)
        return
    except (Refused, MalformedAnswer) as error:
        logger.warning("Customer %s cannot be compared: %s", customer.pk, type(error).__name__)
        turn.run.add(failed=1)
    ComparisonClock.objects.filter(pk=clock.pk).update(
        compared_at=timezone.now(), claimed_until=None, is_unlisted=False
    )
    turn.run.add(compared=1, asked=1)


def _set_aside(clock: ComparisonClock, *, until: datetime | None) -> None:
    ComparisonClock.objects.filter(pk=clock.pk).update(claimed_until=until)


def compare_customer(turn: Turn, customer: Customer, *, asks_client: bool) -> None:
    """Read one customer and its requests at the provider, follow what is plain and write down the rest.

    Raises UnderWay before anything is asked while a call is open, Overtaken where one was answered meanwhile.
    """
    if customer.open_calls().exists():
        raise UnderWay
    asked_at = timezone.now()
    remote = None
    try:
        if asks_client:
            turn.take()
            remote = turn.client.get_client(str(customer.api_id))
        turn.take()
        requests = turn.client.list_products(str(customer.api_id))
    except NotFound:
        _note_missing(turn, customer, asked_at=asked_at)
        return
    with transaction.atomic():
        customer = _locked(customer, asked_at=asked_at)
        close_existence(Side.CUSTOMER, [str(customer.pk)])
        if remote:
            follow_remote_client(turn, customer, remote)
        follow_requests(turn, customer, requests)


def _note_missing(turn: Turn, customer: Customer, *, asked_at: datetime) -> None:
    with transaction.atomic():
        customer = _locked(customer, asked_at=asked_at)
        new = note_one(Side.CUSTOMER, str(customer.pk), missing("customer"), customer=customer, run=turn.run)
    turn.run.add(found=new)


def _locked(customer: Customer, *, asked_at: datetime) -> Customer:
    """Lock the customer, unless what was read since `asked_at` may be older than what stands here."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if customer.open_calls().exists():
        raise UnderWay
    is_answered = ProviderCall.objects.about(customer.pk).answered_since(asked_at).exists()
    is_synced = customer.requests.filter(synced_at__gte=asked_at).exists()
    if is_answered or is_synced or customer.status_changes.filter(at__gte=asked_at).exists():
        raise Overtaken
    return customer


def follow_remote_client(turn: Turn, customer: Customer, remote: RemoteClient) -> None:
    """Follow the client's status, and write down what else the provider holds otherwise. The customer is locked."""
    before = customer.remote_status
    if before != remote.status[: following.LONGEST_WORD]:
        following.follow_client(customer, remote)
        following.follow_customer(customer, source=Source.SYNC)
        if customer.newest_request:
            following.hasten_sync(customer.newest_request, now=timezone.now())
        note_followed(turn, Side.CUSTOMER, customer, customer, "Status", _in_words(before), _in_words(remote.status))
    turn.run.add(found=note_data(customer, remote, run=turn.run))


def _in_words(word: str) -> str:
    known = CLIENT_WORDS.get(word.lower())
    return known.label if known else word or "nothing"


CLIENTS = Step("CLIENTS", "The list of clients", 10, is_list=True, advance=compare_clients)
CUSTOMERS = Step("CUSTOMERS", "Customers one by one", 90, is_list=False, advance=compare_customers)
