"""The history from the provider's side: which call, which answer, when, and what it changed. Looks are not calls."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from customers.differences import Difference
from customers.masking import Hide, as_it_is
from customers.models import Customer, RequirementSnapshot, StatusChange
from customers.paging import Page, page_of
from customers.timeline import change_in_words, names_of
from provider.models import ProviderCall

Changes = Mapping[UUID, list[str]]


@dataclass(frozen=True)
class Told:
    """One call as it is read: the row, the name of what it is about, and what its answer changed."""

    call: ProviderCall
    name: str
    changed: list[str]
    message: str

    @property
    def short_trace(self) -> str:
        return f"{self.call.trace_id[:8]}…"


@dataclass(frozen=True)
class History:
    rows: list[Told]
    page: Page[ProviderCall]


def history(
    calls: QuerySet[ProviderCall], *, customer: Customer, hide: Hide = as_it_is, older: str = "", newer: str = ""
) -> History:
    """Return one page of calls, the newest first, the provider's words through `hide`.

    Raises BadRequest for an address that we did not write.
    """
    page = page_of(calls.defer("payload").select_related("wanted_by"), by="wanted_at", older=older, newer=newer)
    changes = list(StatusChange.objects.filter(call__in=page.rows).order_by("at", "pk"))
    calls_and_targets = {pk for call in page.rows for pk in (call.target_id, call.pk)}
    names = names_of(customer, calls_and_targets | {change.object_id for change in changes})
    changed = _changed(page.rows, changes, names)
    rows = [
        Told(
            call, names.get(call.target_id) or names.get(call.pk, ""),
            changed=[hide(line) for line in changed.get(call.pk, [])], message=hide(call.message),
        )
        for call in page.rows
    ]  # fmt: skip
    return History(rows, page)


def _changed(calls: Iterable[ProviderCall], changes: Iterable[StatusChange], names: Mapping[UUID, str]) -> Changes:
    found: dict[UUID, list[str]] = defaultdict(list)
    for change in changes:
        if change.call_id:
            found[change.call_id].append(change_in_words(change, names.get(change.object_id, "")))
    for snapshot in RequirementSnapshot.objects.filter(call__in=calls).order_by("taken_at"):
        if snapshot.call_id:
            found[snapshot.call_id] += Difference.from_json(snapshot.difference).lines
    return found
