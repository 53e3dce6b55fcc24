"""The timeline: everything in one list, nothing lost or doubled between pages, narrowed down by the address."""

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from audit.actions import record
from audit.kinds import Kind
from audit.models import Event
from audit.sight import SEES
from cards import ledger
from cards.models import Notice
from cards.tests.making import make_card, make_purchase
from customers import actions, merging
from customers.masking import Sight
from customers.models import Customer, RequirementSnapshot
from customers.note_actions import add_note
from customers.reveal_actions import RevealReason, reveal
from customers.statuses import Source
from customers.tests.making import make_customer, make_document, make_request
from customers.timeline import STRANDS, Chosen, Reader, whole
from provider.models import CallKind, ProviderCall
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def as_support(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer()


def address(customer: Customer, query: str = "") -> str:
    return reverse("customers:timeline", args=[customer.pk]) + query


def texts(client: Client, customer: Customer, query: str = "") -> list[str]:
    return [entry.text for entry in client.get(address(customer, query)).context["timeline"]]


def text_of(client: Client, customer: Customer, query: str = "") -> str:
    """Return what a person reads of the list."""
    page = client.get(address(customer, query)).content.decode()
    return html.unescape(page.partition('id="timeline"')[2])


def make_call(customer: Customer, by: User | None = None, **changes: Any) -> ProviderCall:
    values = {"kind": CallKind.UPDATE_CLIENT, "target_id": customer.pk, "state": "DONE", "wanted_at": NOON}
    answered = {"sent_at": NOON, "answered_at": NOON, "attempts": 1}
    return ProviderCall.objects.create(**{**values, **answered, "customer_id": customer.pk, "wanted_by": by, **changes})


# --- Pages


def test_a_row_that_comes_while_somebody_pages_moves_nothing(
    as_officer: Client, customer: Customer, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "PAGE_SIZE", 2)
    for number in range(4):
        add_note(customer=customer, text=f"Note {number}", by=officer)
    first = as_officer.get(address(customer, "?kind=notes"))
    add_note(customer=customer, text="Meanwhile", by=officer)

    second = as_officer.get(first.context["older_url"])

    assert [entry.words for entry in second.context["timeline"]] == ["Note 1", "Note 0"]
    assert "kind=notes" in second.context["newer_url"]


@pytest.mark.parametrize(
    "place",
    [
        "x", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00_notes_1", "now_notes_1", "2026-01-01T00:00:00+00:00__1",
        "2026-01-01T00:00:00+00:00_notes_1", "2026-01-01T00:00:00+00:00_statuses_x", "0001-01-01T00:00:00+14:00_x_1",
    ],
)  # fmt: skip
def test_an_address_that_nobody_wrote_is_refused(place: str, as_officer: Client, customer: Customer) -> None:
    for direction in ("older", "newer"):
        assert as_officer.get(address(customer), {direction: place}).status_code == 400


def test_a_place_of_a_row_that_is_gone_or_of_no_strand_breaks_nothing(as_officer: Client, customer: Customer) -> None:
    for place in ("statuses_99999999999999999999", "nothing_1", "notes_00000000-0000-0000-0000-000000000000"):
        query = {"older": f"9000-01-01T00:00:00+00:00_{place}"}
        assert as_officer.get(address(customer), query).status_code == 200


# --- What it tells


@pytest.fixture
def eventful(customer: Customer, officer: User, senior: User) -> Customer:
    """Somebody to whom one thing of each kind happened."""
    request = make_request(customer)
    document = make_document(request, status="UPLOADED")
    customer.change_status("ACTIVE", source=Source.WEBHOOK)
    document.change_status("REJECTED", source=Source.SYNC)
    make_call(customer, by=officer)
    make_call(customer, kind=CallKind.UPLOAD_DOCUMENT, target_id=document.pk)
    RequirementSnapshot.objects.create(
        request=request, occasion="SYNC", digest="2", difference={"satisfied": [{"name": "phone", "reasons": []}]}
    )
    card = make_card(customer=customer, last4="4242")
    card.change_status("FROZEN", source=Source.SYNC)
    with transaction.atomic():
        for kind, subject in [(Kind.CARD_FROZEN, card), (Kind.DOCUMENT_UPLOADED, document)]:
            record(kind=kind, by=officer, customer_id=customer.pk, subject=subject)
        record(
            kind=Kind.CUSTOMER_UPDATED, by=senior, customer_id=customer.pk, subject=customer,
            before={"phone_number": 7, "city": "Del Viso"}, after={"phone_number": 8, "city": ""},
        )  # fmt: skip
        record(kind=Kind.DOCUMENT_VIEWED, by=senior, customer_id=customer.pk, subject=document)
    add_note(customer=customer, text="Called him", by=senior)
    Notice.objects.create(customer=customer, card=card, kind="VELOCITY", text="Three purchases in a minute")
    make_event(event_type="client_status", status="success", customer_id=customer.pk, card_id=None, outcome="HANDLED")
    return customer


EVERYTHING = {
    "Customer: Active", "Passport: Refused", "Save the customer's data: done", "Upload the document (Passport): done",
    "Card •••• 4242: Frozen", "officer froze the card", "officer uploaded a document",
    "senior changed the customer's data", "senior wrote a note", "Three purchases in a minute",
    "Delivery, client's status: success",
}  # fmt: skip


def test_it_tells_of_everything_with_who_and_what_before_and_after(as_officer: Client, eventful: Customer) -> None:
    told = texts(as_officer, eventful)
    page = text_of(as_officer, eventful)

    assert set(told) >= EVERYTHING
    assert "senior looked at a document" not in told
    for words in ("Phone number: 7 → 8", "City: Del Viso → —", "Pending → Active", "Called him", "Card •••• 4242"):
        assert words in page
    assert 'title="' in page
    assert f'href="{reverse("webhooks:events")}' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?kind=status", {"Customer: Active"}),
        ("?kind=notes", {"senior wrote a note"}),
        ("?kind=documents", {
            "Passport: Refused", "Upload the document (Passport): done", "officer uploaded a document"}),
        ("?kind=cards", {"Card •••• 4242: Frozen", "officer froze the card", "Three purchases in a minute"}),
        ("?kind=notes&kind=status", {"senior wrote a note", "Customer: Active"}),
        ("?person=senior", {"senior changed the customer's data", "senior wrote a note"}),
        ("?person=officer&kind=cryptomate", {"Save the customer's data: done"}),
        ("?kind=people&person=officer", {"officer froze the card", "officer uploaded a document"}),
        ("?kind=cryptomate&until=2026-11-03T12:01", {
            "Save the customer's data: done", "Upload the document (Passport): done"}),
        ("?kind=cryptomate&until=2026-11-03T12:00", set()),
        ("?person=nobody", set()),
        ("?kind=status&looks=on", {"Customer: Active"}),  # only for those who may view the audit log
    ],
)  # fmt: skip
def test_it_is_narrowed_down_by_the_address(
    query: str, found: set[str], as_officer: Client, eventful: Customer
) -> None:
    assert set(texts(as_officer, eventful, query)) == found
    assert "Looks" not in as_officer.get(address(eventful, query)).content.decode()


def test_what_the_address_asks_for_stands_in_the_form(as_officer: Client, eventful: Customer) -> None:
    page = as_officer.get(address(eventful, "?kind=notes&person=senior&since=2026-11-03T12:00")).content.decode()

    assert 'value="notes" id="id_kind_3" checked' in page
    assert 'value="senior"' in page
    assert 'value="2026-11-03T12:00"' in page


@pytest.mark.parametrize("query", ["?kind=gossip", "?since=yesterday", f"?person={'x' * 151}"])
def test_a_filter_nobody_understands_is_said_at_its_field(query: str, as_officer: Client, customer: Customer) -> None:
    answer = as_officer.get(address(customer, query))

    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()


def test_who_may_view_the_audit_log_reads_looks_when_they_ask(
    client: Client, eventful: Customer, auditor: User
) -> None:
    client.force_login(auditor)

    assert "senior looked at a document" not in texts(client, eventful)
    assert "senior looked at a document" in texts(client, eventful, "?looks=on")
    assert set(texts(client, eventful, "?looks=on&kind=status")) == {"Customer: Active", "senior looked at a document"}


def test_support_reads_it_with_personal_data_masked_until_they_give_a_reason(
    as_support: Client, eventful: Customer, support: User, officer: User
) -> None:
    add_note(customer=eventful, text="Lives at Florida 9860", by=officer)
    masked = text_of(as_support, eventful)

    reveal(customer=eventful, reason=RevealReason.CALLER, words="", by=support)
    shown = text_of(as_support, eventful)

    assert "Phone number: •••• → ••••" in masked
    assert "Lives at ••••" in masked
    assert "Del Viso" not in masked
    assert "Phone number: 7 → 8" in shown
    assert "Lives at Florida 9860" in shown


def test_who_may_not_see_deliveries_reads_the_rest(client: Client, eventful: Customer) -> None:
    officer = User.objects.get(username="officer")
    rights = [f"{each.content_type.app_label}.{each.codename}" for each in officer.groups.get().permissions.all()]
    assert SEES in rights
    officer.groups.get().permissions.get(codename="view_webhookevent").group_set.clear()
    client.force_login(officer)

    assert EVERYTHING - set(texts(client, eventful)) == {"Delivery, client's status: success"}


def test_a_record_that_cannot_be_read_says_so_and_breaks_nothing(as_officer: Client, customer: Customer) -> None:
    with transaction.atomic():
        record(kind=Kind.CARD_ISSUED, by=None, customer_id=customer.pk, after={"last4": "4242"})
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET detail = 'x'::bytea")
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER USER")

    assert "What was recorded cannot be read" in text_of(as_officer, customer)
    assert as_officer.get(reverse("customers:detail", args=[customer.pk])).status_code == 200


def test_purchases_are_on_the_whole_timeline_alone(as_officer: Client, customer: Customer) -> None:
    ledger.record_event(
        card=make_card(customer=customer), kind="AUTHORIZED", operation_id="op", purchase=make_purchase("42.50"),
        source="WEBHOOK",
    )  # fmt: skip
    brief = as_officer.get(reverse("customers:detail", args=[customer.pk])).context["timeline"]

    [told] = [text for text in texts(as_officer, customer, "?kind=cards") if "Purchase" in text]
    assert told.endswith("42.5 USD: authorized")
    assert not any("Purchase" in entry.text for entry in brief)


def test_saving_records_what_changed_before_and_after_and_of_numbers_only_their_end(
    as_officer: Client, customer: Customer, officer: User
) -> None:
    actions.update_customer(
        customer=customer, by=officer,
        data={
            "phone_country_code": 54, "phone_number": 1168860622, "city": "Del Viso", "id_number": "ZZ999567",
            "answers": {
                "tax_number": "20-27123456-7", "ssn": "078051120", "nationalId": "AB445566", "pin": "1234",
                "is_diplomat": False,
            },
        },
    )  # fmt: skip

    page = text_of(as_officer, customer)
    assert "Phone number: 1168860622" in page
    assert "ID number: •••• 567 → •••• 567, another number" in page
    assert "Tax number: •••• 6-7" in page
    said = str(Event.objects.get(kind="customer.updated").detail)
    for left_out in ("ZZ999567", "27123456", "078051120", "AB445566", "1234'", "city"):
        assert left_out not in said


# --- What it costs


def test_a_page_of_many_costs_as_much_as_one_of_few(
    as_officer: Client, eventful: Customer, officer: User, django_assert_num_queries: Any
) -> None:
    as_officer.get(address(eventful))
    for _ in range(2):
        # session, person, two for rights, customer, reveals, mentions; eight strands, whose cards; two for names
        with django_assert_num_queries(18):
            as_officer.get(address(eventful))
        for _ in range(30):
            make_call(eventful, kind=CallKind.SUBMIT_REQUEST)
            add_note(customer=eventful, text="x", by=officer)


def test_no_strand_goes_through_a_whole_table(eventful: Customer, auditor: User) -> None:
    read_whole = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for strand in STRANDS.values():
        stream = strand.stream(eventful, Chosen(looks=True))
        assert stream is not None
        if "Seq Scan" in stream.rows.order_by(f"-{stream.at}", f"-{stream.key}")[:51].explain():
            read_whole.append(strand.name)
    told = whole(Reader(eventful, auditor, Sight(True, False, None)), Chosen(looks=True))

    assert read_whole == []
    assert told.entries
