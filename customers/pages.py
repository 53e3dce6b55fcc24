"""The customer's page: its regions, and which of them have changed since the browser last drew them.

The regions people type in are never drawn anew while nothing about them changed, so that a poll takes no typing away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from customers import display
from customers.checklists import checklist_of
from customers.comparisons import Discrepancy
from customers.facts import beside, facts
from customers.masking import sight_of
from customers.models import Customer
from customers.policies import MAY_EDIT
from customers.requirement_cards import Card, Person, cards_of, digest, find_card
from customers.snapshots import News, news_of
from customers.standing import Standing, standing_of
from customers.statuses import CustomerStatus
from customers.support_message import support_message
from customers.timeline import Reader, brief
from customers.unsaved import UnsavedAnswers
from people.waiting import waiting_about

SAME_LOOK = timedelta(minutes=1)  # an answer is often followed by another look at once


@dataclass(frozen=True)
class Region:
    """A part of the page with an id of its own. Its digest changes when it has to be drawn anew."""

    name: str
    template: str
    digest: str
    card: Card | None = None


@dataclass(frozen=True)
class CustomerPage:
    standing: Standing
    person: Person
    cards: list[Card]
    context: Mapping[str, Any]

    def regions(self) -> list[Region]:
        return [*self._head(), *self._requirements()]

    def seen(self, before: str = "", *, drawn: Card | None = None) -> str:
        """Return what the browser shows after this answer. Where one card is drawn alone, their set stays old."""
        now = {region.name: region.digest for region in self.regions()}
        if drawn:
            now["requirements"] = _known(before).get("requirements", now["requirements"])
        return ",".join(f"{name}:{shown}" for name, shown in now.items())

    def changed(self, before: str, *, drawn: Card | None = None) -> list[Region]:
        """Return the regions to draw anew besides `drawn`. All cards go together when other ones are asked for."""
        known = _known(before)
        changed = [region for region in self.regions() if known.get(region.name) != region.digest]
        if drawn:
            return [region for region in changed if region.name not in ("requirements", drawn.anchor)]
        if any(region.name == "requirements" for region in changed):
            return [region for region in changed if region.card is None]
        return changed

    def _head(self) -> list[Region]:
        customer, step = self.standing.customer, self.context["next_step"]
        return [
            Region("progress", "customers/_progress.html", digest(*self._progress())),
            Region(
                "approvals", "customers/_approvals.html", digest(*(each.facts for each in self.context["approvals"]))
            ),
            Region("difference", "customers/_difference.html", digest(*self._news())),
            Region("differences", "customers/_differences.html", digest(*self._held())),
            Region("support", "customers/_support_message.html", digest(self.context["is_long_in_review"])),
            Region("customer-title", "customers/_title.html", digest(customer.status, customer.api_id)),
            Region("customer-next", "customers/_next.html", digest(step)),
            Region("customer-actions", "customers/_actions.html", digest(*self._actions())),
            Region("customer-data", "customers/_data.html", digest(self.context["facts"], self.person.sight)),
            Region("customer-cards", "customers/_cards.html", digest(customer.status, *self._approvals())),
            Region("timeline", "customers/_timeline.html", digest(self.context["timeline"])),
        ]

    def _progress(self) -> tuple[Any, ...]:
        return self.standing.poll_ms, self.context["faces"], self.context["progress"], self.context["supplied"]

    def _news(self) -> tuple[Any, ...]:
        return self.context["news"], self.context["news_lines"], self.context["unchanged_since"]

    def _approvals(self) -> list[tuple[object, ...]]:
        return [each.facts for each in self.context["approvals"]]

    def _held(self) -> tuple[Any, ...]:
        return tuple((each.pk, each.state, each.changed_at) for each in self.context["differences"])

    def _actions(self) -> tuple[Any, ...]:
        names = ("offers_submit", "reason_against_submit", "is_long_in_review", "offers_card")
        return tuple(self.context[name] for name in names)

    def _requirements(self) -> list[Region]:
        request = self.standing.request
        asked = digest(request and request.pk, [card.anchor for card in self.cards])
        whole = Region("requirements", "customers/_requirements.html", asked)
        template = "customers/_requirement.html"
        return [whole, *(Region(card.anchor, template, card.digest, card) for card in self.cards)]


def _known(seen: str) -> dict[str, str]:
    return {name: shown for name, _, shown in (word.partition(":") for word in seen.split(","))}


def _unchanged_since(standing: Standing, news: list[News]) -> datetime | None:
    """Return when the provider was last asked, where that was after it said anything new."""
    looked_at = standing.request.synced_at if standing.request else None
    return looked_at if looked_at and news and looked_at - news[0].at >= SAME_LOOK else None


def seen_after(before: str, drawn: Card) -> str:
    """Return what the browser shows once this card was drawn, where it showed `before`."""
    known = {**_known(before), drawn.anchor: drawn.digest}
    return ",".join(f"{name}:{shown}" for name, shown in known.items() if name)


def person_of(user: User, customer: Customer) -> Person:
    return Person(
        may_edit=user.has_perms(MAY_EDIT),
        may_submit=user.has_perm("customers.submit_customer"),
        may_see_images=user.has_perm("customers.view_document_image"),
        may_issue=user.has_perm("cards.issue_card"),
        may_see_differences=user.has_perm("customers.view_discrepancy"),
        may_decide=user.has_perm("customers.decide_discrepancy"),
        may_refresh=user.has_perm("customers.refresh_customer"),
        may_make_case_file=user.has_perms(("customers.view_personal_data", "audit.make_case_file")),
        sight=sight_of(user, customer),
    )


def customer_page(customer: Customer, user: User, *, chosen: Mapping[str, Any] | None = None) -> CustomerPage:
    """Read everything the page shows. `chosen` holds the document types picked in the address."""
    standing, person = standing_of(customer), person_of(user, customer)
    request = standing.request
    typed = unsaved_by(user, customer, person)
    shown: dict[str, Any] = {"table": standing.table, "unsaved": typed, "chosen": chosen}
    cards = cards_of(customer, request, standing.checklist, person, **shown) if request else []
    approvals = waiting_about(customer.pk, person=user, hide=person.sight.hides(customer))
    stands = any(not each.is_refused for each in approvals)
    return CustomerPage(
        standing, person, cards, {**_context(standing, person, user), "approvals": approvals, "approval_stands": stands}
    )


def unsaved_by(user: User, customer: Customer, person: Person) -> Iterable[UnsavedAnswers]:
    return customer.unsaved_answers.of(user) if person.may_edit else ()


def requirement_card(customer: Customer, user: User, requirement_id: str, *, is_document: bool) -> Card:
    """Return one card alone. Raises Http404 where the provider does not ask for it."""
    request, person = customer.newest_request, person_of(user, customer)
    typed = unsaved_by(user, customer, person)
    cards = cards_of(customer, request, checklist_of(request), person, unsaved=typed) if request else []
    return find_card(cards, requirement_id, is_document=is_document)


def _differences(customer: Customer, person: Person) -> list[Discrepancy]:
    found = list(customer.discrepancies.standing().about_data().order_by("label"))
    if not person.sight.sees_data:
        for each in found:
            each.ours, each.theirs = each.masked_sides
    return found


def _context(standing: Standing, person: Person, user: User) -> dict[str, Any]:
    customer = standing.customer
    is_long = display.is_long_in_review(standing)
    hide = person.sight.hides(customer)
    news = news_of(customer)
    differences = _differences(customer, person) if person.may_see_differences else []
    known = beside(facts(customer, person), differences)
    offers_submit = person.may_submit and display.offers_submit(standing)
    return {
        "customer": customer,
        "person": person,
        "standing": standing,
        "short_id": f"…{customer.api_id[-6:]}" if customer.api_id else "",
        "next_step": display.next_step(standing),
        "faces": [face.through(hide) for face in display.faces(standing)],
        "supplied": standing.checklist.supplied,
        "progress": display.progress_line(standing.checklist),
        "offers_submit": offers_submit,
        "reason_against_submit": display.reason_against_submit(standing) if offers_submit else "",
        "offers_card": person.may_issue and customer.status == CustomerStatus.ACTIVE,
        "is_long_in_review": is_long,
        "support_message": support_message(standing) if is_long else None,
        "facts": known,
        "is_masked": any(fact.is_masked for fact in known),
        "differences": differences,
        "timeline": brief(Reader(customer, user, person.sight)),
        "news": news[0] if news else None,
        "news_lines": [hide(line) for line in news[0].lines] if news else [],
        "unchanged_since": _unchanged_since(standing, news),
    }
