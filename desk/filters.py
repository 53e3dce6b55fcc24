"""What of the queue a person wants to see. It stands in the address: *back*, a bookmark and a colleague find it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import QueryDict

from customers.naming import name_of_key
from desk.cases import Case, CaseQuerySet
from desk.statuses import Reason, WaitsFor
from desk.targets import targets
from provider.models import Country

MINE, UNASSIGNED = "mine", "nobody"
WHOSE = {MINE: "Mine", UNASSIGNED: "Unassigned"}
SIDES = {"us": WaitsFor.US, "provider": WaitsFor.PROVIDER, "customer": WaitsFor.CUSTOMER}
SIDE_LABELS = {"us": "Waits for us", "provider": "Waits for CryptoMate", "customer": "Waits for the customer"}
CHIPS = (("whose=mine", "Mine"), ("whose=nobody", "Unassigned"), ("late=1", "Late"), ("escalated=1", "Escalated"))
MARKS = {"late": "Late", "rejected": "Rejected", "escalated": "Escalated", "snoozed": "Snoozed"}
LONGEST_WORD = 80


@dataclass(frozen=True)
class Filters:
    """Empty words filter nothing. `waits` is one of SIDES, `whose` of WHOSE, `country` alpha-3, `document` a type."""

    waits: str = ""
    whose: str = ""
    country: str = ""
    document: str = ""
    late: bool = False
    rejected: bool = False
    escalated: bool = False
    snoozed: bool = False

    @classmethod
    def read(cls, words: Mapping[str, str]) -> Self:
        """Read an address. What nobody offers filters nothing."""
        return cls(
            waits=_one_of(SIDES, words.get("waits", "")),
            whose=_one_of(WHOSE, words.get("whose", "")),
            country=_plain(words.get("country", ""), longest=3),
            document=_plain(words.get("document", ""), longest=LONGEST_WORD),
            **{mark: bool(words.get(mark)) for mark in MARKS},
        )

    @classmethod
    def from_query(cls, query: str) -> Self:
        return cls.read(QueryDict(query))

    @property
    def query(self) -> str:
        """Return the filters as they stand in an address, always in the same order."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return urlencode([(name, "1" if value is True else value) for name, value in values if value])

    def __bool__(self) -> bool:
        return self != type(self)()

    @property
    def side(self) -> WaitsFor | None:
        return SIDES.get(self.waits)

    def apply(self, cases: CaseQuerySet, *, by: User, now: datetime) -> CaseQuerySet:
        """Keep the cases that match. Snoozed ones come up only for who asks for them."""
        cases = cases.waiting_for(self.side) if self.side else cases.waiting()
        cases = cases.asleep(now=now) if self.snoozed else cases.awake(now=now)
        if self.whose:
            cases = cases.filter(assigned_to=by) if self.whose == MINE else cases.unassigned()
        if self.late:
            cases = cases.late(targets().values(), now=now)
        if self.rejected:
            cases = cases.filter(reason__in=[Reason.REJECTED, Reason.REFUSED_ITEMS])
        if self.escalated:
            cases = cases.exclude(escalated_at=None)
        if self.country:
            cases = cases.filter(customer__country=self.country)
        if self.document:
            cases = cases.filter(request__wanted_documents__contains=[self.document])
        return cases

    @property
    def words(self) -> list[str]:
        """Say what is filtered by, for a line above the list and beside *Next case*."""
        country = Country.objects.filter(pk=self.country).first() if self.country else None
        said = [
            SIDE_LABELS.get(self.waits, ""),
            WHOSE.get(self.whose, ""),
            *(label for mark, label in MARKS.items() if getattr(self, mark)),
            country.name if country else self.country,
            name_of_key(self.document),
        ]
        return [each for each in said if each]


def document_types() -> list[tuple[str, str]]:
    """Return the types of documents that open cases want, by name."""
    wanted = Case.objects.waiting().filter(request__isnull=False).values_list("request__wanted_documents", flat=True)
    types = {each for names in wanted.distinct() for each in names or ()}
    return sorted(((each, name_of_key(each)) for each in types), key=lambda pair: pair[1])


def countries() -> list[tuple[str, str]]:
    return list(Country.objects.values_list("alpha3", "name"))


def _plain(word: str, *, longest: int) -> str:
    """Keep a word as the provider writes names of countries and documents: it fits an address that is saved."""
    return word if len(word) <= longest and word.isascii() and word.isprintable() else ""


def _one_of(known: Mapping[str, object], word: str) -> str:
    return word if word in known else ""
