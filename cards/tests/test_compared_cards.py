"""Cards that changed in the provider's own portal: followed where that is plain, listed where it is not."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from cards import compared_cards
from cards.adopting import adopt_card
from cards.models import Card
from cards.tests.making import make_active_customer, make_card
from cryptomate.testing import FakeCall, FakeTransport, card_json
from customers import comparison_runs
from customers.comparison_runs import compare_now
from customers.comparisons import Comparison, Discrepancy, ListedRecord
from customers.discrepancy_actions import keep_ours, take_theirs
from customers.policies import NotAllowed
from provider import budget
from provider.actions import want
from provider.models import CallKind

pytestmark = pytest.mark.django_db

CLIENTS = "/management/clients/individuals"
CARDS = "/cards/individual-cards"


@pytest.fixture(autouse=True)
def _free_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "take", lambda **_: None)
    monkeypatch.setattr(compared_cards, "PAGE", 2)


def as_listed(card: Card, **changes: Any) -> dict[str, Any]:
    limits = dict.fromkeys(card.limits)
    own = {"id": card.api_id, "client_id": card.customer.api_id, "status": card.status, "approval_method": "TOPUP"}
    return card_json(**{**own, **limits, **changes})


def compare_cards(provider: FakeTransport, by: User, *cards: dict[str, Any]) -> Comparison:
    """Run the steps about cards alone, over pages of two."""

    def page(call: FakeCall) -> dict[str, Any]:
        start = 2 * int(dict(call.query)["page"])
        return {"content": list(cards)[start : start + 2], "total_pages": -(-len(cards) // 2)}

    provider.reply("GET", f"{CARDS}/list/search", page)
    run = compare_now(by=by)
    Comparison.objects.update(step="CARDS")
    run.refresh_from_db()
    while run.step in ("CARDS", "UNLISTED_CARDS"):
        comparison_runs.advance(run, client=provider.client())
        run.refresh_from_db()
    return run


def found() -> list[tuple[str, str, str, str]]:
    return [(row.label, row.ours, row.theirs, row.state) for row in Discrepancy.objects.order_by("label")]


def test_a_card_changed_at_the_provider_is_followed_and_recorded(provider: FakeTransport, admin_person: User) -> None:
    card = make_card(daily_limit=Decimal(100))
    others = [make_card() for _ in range(3)]
    changed = as_listed(card, status="FROZEN", daily_limit=Decimal("250.50"))

    run = compare_cards(provider, admin_person, *map(as_listed, others), changed)

    card.refresh_from_db()
    assert (card.status, card.hold_reason, card.daily_limit) == ("FROZEN", "PROVIDER", Decimal("250.50"))
    assert found() == [("Daily limit", "100 USD", "250.5 USD", "TAKEN"), ("Status", "Active", "Frozen", "TAKEN")]
    assert (run.compared, run.taken, len(provider.calls)) == (4, 2, 2)


def test_a_card_that_we_are_changing_is_left_to_the_next_comparison(
    provider: FakeTransport, admin_person: User
) -> None:
    card = make_card()
    want(kind=CallKind.SET_FROZEN, target=card, customer_id=card.customer_id, by=admin_person, payload={"freeze": True})

    compare_cards(provider, admin_person, as_listed(card, status="FROZEN"))

    card.refresh_from_db()
    assert (card.status, found()) == ("ACTIVE", [])


def test_a_card_that_no_page_names_is_asked_for_before_it_counts_as_missing(
    provider: FakeTransport, admin_person: User
) -> None:
    gone, left_out = make_card(api_id="gone"), make_card(api_id="left-out")
    provider.refuse("GET", f"{CARDS}/gone", 404)
    provider.reply("GET", f"{CARDS}/left-out", as_listed(left_out, status="EXPIRED"))

    compare_cards(provider, admin_person)

    left_out.refresh_from_db()
    assert left_out.status == "EXPIRED"
    assert [row.key for row in Discrepancy.objects.open()] == [str(gone.pk)]


def test_a_card_of_another_client_is_left_to_an_admin(
    provider: FakeTransport, officer: User, admin_person: User
) -> None:
    card = make_card()
    compare_cards(provider, admin_person, as_listed(card, client_id="somebody"))

    [row] = Discrepancy.objects.all()
    assert (row.label, row.theirs, row.state) == ("Whose card it is", "A client we do not know", "OPEN")
    with pytest.raises(NotAllowed, match="An admin decides"):
        keep_ours(discrepancy=row, by=officer, seen=row.version)
    with pytest.raises(NotAllowed, match="no value to take"):
        take_theirs(discrepancy=row, by=admin_person, seen=row.version)
    keep_ours(discrepancy=row, by=admin_person, seen=row.version)


def test_a_card_issued_at_the_provider_is_taken_over_by_an_admin(
    provider: FakeTransport, officer: User, admin_person: User
) -> None:
    customer = make_active_customer()
    stranger = card_json(id="issued-there", client_id=customer.api_id, status="FROZEN")
    compare_cards(provider, admin_person, stranger)
    [row] = Discrepancy.objects.all()
    with pytest.raises(NotAllowed, match="An admin decides"):
        adopt_card(discrepancy=row, by=officer, seen=row.version)
    assert not Card.objects.exists()

    adopt_card(discrepancy=row, by=admin_person, seen=row.version)

    card = Card.objects.get(api_id="issued-there")
    assert (card.customer, card.last4, card.status, card.daily_limit) == (customer, "4242", "FROZEN", Decimal(100))


def test_a_card_that_is_being_issued_here_is_no_stranger(provider: FakeTransport, admin_person: User) -> None:
    customer = make_active_customer()
    want(kind=CallKind.ISSUE_CARD, target=customer, customer_id=customer.pk, by=admin_person)

    compare_cards(provider, admin_person, card_json(id="new", client_id=customer.api_id))

    assert found() == []


def test_a_list_that_was_cut_off_goes_on_at_its_next_page(
    provider: FakeTransport, admin_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [make_card() for _ in range(5)]
    monkeypatch.setattr(compared_cards, "PAGES", 1)

    run = compare_cards(provider, admin_person, *map(as_listed, cards))

    assert [dict(call.query)["page"] for call in provider.calls] == ["0", "1", "2"]
    assert ListedRecord.objects.filter(comparison=run).count() == 5
