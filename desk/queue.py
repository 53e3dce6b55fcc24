"""The queue: cases by the side they wait for, the oldest first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone

from customers.paging import Place
from customers.standing import usual_review
from desk.case_policies import is_held, is_held_by
from desk.cases import Case, CaseQuerySet
from desk.clocks import Due, due_of
from desk.filters import SIDES, Filters
from desk.statuses import WaitsFor
from desk.targets import Target, is_late, targets
from desk.what import what_of_cases

SHOWN_OF_EACH = 25  # rows of one section beside the others
PAGE_SIZE = 50  # rows of a section by itself
NONE = (0, 0)

TITLES = {
    WaitsFor.US: ("ours", "Waits for us", "Nothing waits for us."),
    WaitsFor.PROVIDER: ("provider", "Waits for the provider", "Nothing is in review."),
    WaitsFor.CUSTOMER: ("customer", "Waits for the customer", "Nothing waits for a customer."),
}


@dataclass(frozen=True)
class Row:
    case: Case
    what: str
    due: Due | None
    is_held: bool
    is_mine: bool  # held by the person who looks


@dataclass(frozen=True)
class Section:
    """Cases that wait for the same side, the oldest first. `empty` says what to read when there are none."""

    id: str
    title: str
    empty: str
    rows: list[Row]
    total: int
    late: int
    usual: tuple[timedelta, timedelta] | None = None
    all_query: str = ""  # where the section stands alone
    newer_query: str = ""
    older_query: str = ""

    @property
    def is_cut(self) -> bool:
        return self.total > len(self.rows)


# --- Cases


def sections(filters: Filters, person: User, *, older: str = "", newer: str = "") -> list[Section]:
    """Return each side's cases, or one side's page by page. Raises BadRequest for an address that we did not write."""
    now, known = timezone.now(), targets()
    cases = filters.apply(Case.objects.all(), by=person, now=now)
    counts = _counts(cases, known, now=now)
    pages = {side: _Page([]) for side in ([filters.side] if filters.side else TITLES)}
    for side in pages:
        if side in counts:
            waiting = cases.waiting_for(side)
            pages[side] = _page(waiting, older, newer) if filters.side else _Page(_first(waiting, SHOWN_OF_EACH))
    what = what_of_cases([case for page in pages.values() for case in page.cases])
    rows = {
        side: [_row(case, what[case.pk], known, person, now=now) for case in page.cases] for side, page in pages.items()
    }
    return [_section(side, page, rows[side], counts.get(side, NONE), filters) for side, page in pages.items()]


@dataclass(frozen=True)
class _Page:
    cases: list[Case]
    newer: Place | None = None
    older: Place | None = None


def _first(cases: CaseQuerySet, number: int) -> list[Case]:
    return list(cases.with_people().oldest_first()[:number])


def _page(cases: CaseQuerySet, older: str, newer: str) -> _Page:
    """Return the oldest cases, or those beside a place: `newer` leads down the list and `older` back up."""
    if older:
        found = list(cases.with_people().before(Place.read(older))[: PAGE_SIZE + 1])
        shown = found[:PAGE_SIZE][::-1]
        return _Page(shown, _place(shown[-1:]), _place(shown[:1]) if len(found) > PAGE_SIZE else None)
    start = Place.read(newer) if newer else None
    found = _first(cases.behind(start) if start else cases, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return _Page(shown, _place(shown[-1:]) if len(found) > PAGE_SIZE else None, _place(shown[:1]) if start else None)


def _place(cases: list[Case]) -> Place | None:
    return Place(cases[0].since, cases[0].pk) if cases else None


def _counts(cases: CaseQuerySet, known: Mapping[str, Target], *, now: datetime) -> dict[str, tuple[int, int]]:
    """Return of each side how many wait and how many of them are late."""
    late = Count("pk", filter=is_late(known.values(), now=now))
    rows = cases.order_by().values("waits_for").annotate(total=Count("pk"), late=late)
    return {row["waits_for"]: (row["total"], row["late"]) for row in rows}


def _section(side: WaitsFor, page: _Page, rows: list[Row], counts: tuple[int, int], filters: Filters) -> Section:
    name_in_page, title, empty = TITLES[side]
    alone = replace(filters, waits=next(name for name, each in SIDES.items() if each == side)).query
    return Section(
        id=name_in_page,
        title=title,
        empty=empty,
        rows=rows,
        total=counts[0],
        late=counts[1],
        usual=usual_review() if rows and side == WaitsFor.PROVIDER else None,
        all_query=alone,
        newer_query=f"{alone}&{urlencode({'newer': page.newer})}" if page.newer else "",
        older_query=f"{alone}&{urlencode({'older': page.older})}" if page.older else "",
    )


def _row(case: Case, what: str, known: Mapping[str, Target], person: User, *, now: datetime) -> Row:
    return Row(
        case=case,
        what=what,
        due=due_of(case, targets=known, now=now),
        is_held=is_held(case, now=now),
        is_mine=is_held_by(case, person, now=now),
    )


def held_by(person: User) -> list[Case]:
    """Return the cases the person holds now, to come back to."""
    return list(Case.objects.held_by(person, now=timezone.now()).select_related("customer").order_by("held_until"))
