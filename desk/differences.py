"""The page of differences between our records and the provider's, and of the comparison that finds them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from audit.sight import SEES, shown_customers
from cards.adopting import adopt_card
from cards.models import Card
from customers.comparison_runs import title_of
from customers.comparisons import Comparison, Discrepancy, DiscrepancyState, Side
from customers.discrepancy_actions import check_may_decide, keep_ours, take_theirs
from customers.paging import Page, page_of
from customers.policies import NotAllowed


@dataclass(frozen=True)
class Row:
    """One difference as a person reads it, and what they may do about it; `refusal` says why nothing."""

    difference: Discrepancy
    name: str
    url: str
    take_label: str
    keep_label: str
    refusal: str = ""

    @property
    def kind(self) -> str:
        """Return what sort of record it is, where its name does not say so."""
        kind = self.difference.get_record_display()
        return "" if kind == self.name else kind

    @property
    def is_open(self) -> bool:
        return self.difference.is_open


@dataclass(frozen=True)
class Differences:
    rows: list[Row]
    page: Page[Discrepancy]
    total: int


def open_differences(user: User | AnonymousUser) -> int:
    """Count what waits for a decision; nothing for those who may not see it."""
    return Discrepancy.objects.open().count() if user.has_perm("customers.view_discrepancy") else 0


def listed(user: User, *, is_settled: bool, older: str = "", newer: str = "") -> Differences:
    found = Discrepancy.objects.select_related("customer", "decided_by")
    found = found.settled() if is_settled else found.standing()
    page = page_of(found, by="found_at", older=older, newer=newer)
    cards = Card.objects.in_bulk([row.key for row in page.rows if row.record == Side.CARD])
    _mask(page.rows, user)
    named = {str(pk): card.masked for pk, card in cards.items()}
    return Differences([_row(each, user, named) for each in page.rows], page, found.count())


def _mask(rows: Iterable[Discrepancy], user: User) -> None:
    """Put the values, on the rows the page is drawn from, as this person may read them."""
    if user.has_perm(SEES):
        return
    shown = shown_customers(user)
    for row in rows:
        if row.customer_id not in shown:
            row.ours, row.theirs = row.masked_sides


def _row(row: Discrepancy, user: User, cards: Mapping[str, str]) -> Row:
    name = row.customer.full_name if row.customer else row.get_record_display()
    if row.record == Side.CARD:
        name = f"{cards.get(row.key, 'Card')}, {name}"
    try:
        check_may_decide(row, user)
    except NotAllowed as refusal:
        return Row(row, name, _url(row), "", "", str(refusal))
    return Row(row, name, _url(row), _take_label(row), "Keep ours" if row.is_about_data else "Leave it so")


def _url(row: Discrepancy) -> str:
    """Return where the record is looked at closer; nothing where we have none."""
    if row.record == Side.CARD:
        return reverse("cards:detail", args=[row.key])
    return f"{reverse('customers:detail', args=[row.customer_id])}#differences" if row.customer_id else ""


def _take_label(row: Discrepancy) -> str:
    if row.is_about_data:
        return "Take CryptoMate’s"
    return "Take the card over" if row.record == Side.REMOTE_CARD and row.values else ""


def take(row: Discrepancy, *, by: User, seen: str) -> str:
    """Take what the provider holds, and say what was done. Raises NotAllowed."""
    if row.record == Side.REMOTE_CARD:
        adopt_card(discrepancy=row, by=by, seen=seen)
        return "The card is taken over and being read at CryptoMate."
    take_theirs(discrepancy=row, by=by, seen=seen)
    return f"{row.label}: CryptoMate’s value stands here now."


def keep(row: Discrepancy, *, by: User, seen: str) -> str:
    """Keep what we hold, and say what was done. Raises NotAllowed."""
    keep_ours(discrepancy=row, by=by, seen=seen)
    if not row.is_about_data:
        return "Left as it is. It is listed again if it changes."
    row.refresh_from_db(fields=["state"])
    if row.state == DiscrepancyState.TO_SEND:
        return f"{row.label}: ours is kept. It is sent once this customer’s other differences are decided."
    return f"{row.label}: ours is kept and being sent to CryptoMate."


def run_context(user: User) -> dict[str, Any]:
    """Return how the comparison stands, and what this person may do about it."""
    run = Comparison.objects.newest_first().first()
    may_run = user.has_perm("customers.run_comparison")
    return {
        "run": run,
        "step": title_of(run) if run else "",
        "offers_stop": may_run and run is not None and run.is_running,
        "offers_start": may_run and (run is None or not run.is_running),
    }
