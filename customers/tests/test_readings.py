"""Reading documents: in the worker, once for each image, and what the officer sees of it."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audit.models import Event
from cryptomate.testing import passport_requirement
from customers import actions, tasks
from customers.actions import Upload, save_draft
from customers.images import CleanImage, clean_image
from customers.models import Customer, Document
from customers.policies import NotAllowed
from customers.reading_actions import LEASE, read_document
from customers.readings import facts_of, put_reading, state_of
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import photo
from imaging.facts import Facts
from imaging.reading import NO_READER, NOT_READ, READ, Reading

EXPIRY = {"id": "expiry_date", "name": "Expiry Date", "data_type": "DATE", "required": False}
PASSPORT: Any = passport_requirement()
PASSPORT["valid_documents"][0]["metadata"].append(EXPIRY)
MARIA = Facts(
    "machine-readable zone", surname="BARBER", given_names="MARIA", number="L898902C3", birth_date=date(1984, 11, 21),
    expiry_date=date(2040, 4, 15), is_transliterated=True,
)  # fmt: skip


def customer_asked_for_passport(**changes: Any) -> Customer:
    return make_request(make_customer(**changes), missing={"documents": [PASSPORT], "data": []}).customer


@cache
def image(width: int = 160) -> CleanImage:
    return clean_image(photo(size=(width, 120)))


def kept_draft(customer: Customer, by: User, **metadata: str) -> Document:
    upload = Upload("passport", metadata, front=image(), back=None)
    return save_draft(customer=customer, requirement_id="identity_document", upload=upload, by=by)


def read_as(document: Document, facts: Facts | None, *, outcome: str = READ) -> Document:
    """Keep this as what was read from the front."""
    assert put_reading(document, "front", document.front_sha256, Reading(outcome, facts))
    document.reading_due_at = None
    document.save()
    return document


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A reader that reads Maria's passport out of everything; the images it was given."""
    given: list[bytes] = []

    def read(content: bytes, *, today: date) -> Reading:
        given.append(content)
        return Reading(READ, MARIA)

    monkeypatch.setattr("customers.reading_actions.read", read)
    return given


# --- In the worker


@pytest.mark.django_db
def test_a_kept_image_waits_to_be_read_and_is_read_once(officer: User, reader: list[bytes]) -> None:
    draft = kept_draft(customer_asked_for_passport(), officer)
    assert state_of(draft) == "waiting"

    tasks.read_document(document_id=str(draft.pk))
    tasks.read_document(document_id=str(draft.pk))

    draft.refresh_from_db()
    assert (state_of(draft), facts_of(draft), draft.reading_due_at) == (READ, MARIA, None)
    assert len(reader) == 1


@pytest.mark.django_db
def test_what_was_read_is_on_record_without_a_value(officer: User, reader: list[bytes]) -> None:
    draft = kept_draft(customer_asked_for_passport(), officer)

    read_document(draft.pk, now=timezone.now())

    event = Event.objects.get(kind="document.read")
    assert event.detail == {"after": {"side": "front", "outcome": "read", "source": "machine-readable zone"}}


@pytest.mark.django_db
def test_what_was_read_from_an_image_that_was_replaced_meanwhile_is_not_kept(
    officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = customer_asked_for_passport()
    draft = kept_draft(customer, officer)

    def replace(*_: Any, **__: Any) -> Reading:
        upload = Upload("passport", {}, front=image(width=200), back=None)
        save_draft(customer=customer, requirement_id="identity_document", upload=upload, by=officer)
        return Reading(READ, MARIA)

    monkeypatch.setattr("customers.reading_actions.read", replace)
    read_document(draft.pk, now=timezone.now())

    draft.refresh_from_db()
    assert state_of(draft) == "waiting"
    assert draft.reading_due_at is not None


@pytest.mark.django_db
def test_an_image_that_is_gone_could_not_be_read(officer: User, reader: list[bytes]) -> None:
    draft = kept_draft(customer_asked_for_passport(), officer)
    draft.front.storage.delete(str(draft.front.name))

    read_document(draft.pk, now=timezone.now())

    draft.refresh_from_db()
    assert (state_of(draft), draft.reading_due_at, reader) == (NOT_READ, None, [])


@pytest.mark.django_db
def test_a_reader_that_died_costs_one_lease(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = kept_draft(customer_asked_for_passport(), officer)
    now = timezone.now()

    def die(*_: Any, **__: Any) -> Reading:
        raise MemoryError

    monkeypatch.setattr("customers.reading_actions.read", die)
    with pytest.raises(MemoryError):
        read_document(draft.pk, now=now)

    assert not Document.objects.due_for_reading(now=now).exists()
    assert Document.objects.due_for_reading(now=now + LEASE).get() == draft


@pytest.mark.django_db
def test_a_lost_message_is_made_up_for_by_the_sweep(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(tasks.read_document, "apply_async", lambda *, kwargs, **_: woken.append(kwargs["document_id"]))
    draft = kept_draft(customer_asked_for_passport(), officer)

    tasks.read_due_documents()

    assert woken == [str(draft.pk)]


# --- On the card


def card_of(client: Client, customer: Customer) -> str:
    return client.get(f"/customers/{customer.pk}/").content.decode()


def reading_of(client: Client, customer: Customer, **typed: str) -> str:
    address = f"/customers/{customer.pk}/readings/identity_document/"
    return client.post(address, {"document_type": "passport", **typed}).content.decode()


@pytest.mark.django_db
def test_the_card_asks_again_while_the_document_is_being_read_and_then_rests(
    places: None, as_officer: Client, officer: User
) -> None:
    customer = customer_asked_for_passport()
    draft = kept_draft(customer, officer)

    waiting = card_of(as_officer, customer)
    read_as(draft, MARIA)
    at_rest = card_of(as_officer, customer)

    assert "Reading the document." in waiting
    assert "every 2s" in waiting
    assert "every 2s" not in at_rest
    assert "number L898902C3, expires 2040-04-15" in at_rest


@pytest.mark.django_db
@pytest.mark.parametrize(("outcome", "said"), [(NOT_READ, "Could not read this"), (NO_READER, "is not installed here")])
def test_a_document_that_could_not_be_read_is_called_nothing_worse(
    places: None, as_officer: Client, officer: User, outcome: str, said: str
) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), None, outcome=outcome)

    page = card_of(as_officer, customer)

    assert said in page
    assert "fake" not in page.lower()


@pytest.mark.django_db
def test_a_differing_character_is_marked_and_said(places: None, as_officer: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), MARIA)

    answer = reading_of(as_officer, customer, metadata_number="L898802C3")

    assert "L898<mark>9</mark>02C3" in answer
    assert "L898<mark>8</mark>02C3" in answer
    assert "Character 5 is “9” on the document and was typed as “8”." in answer


@pytest.mark.django_db
def test_what_agrees_is_said_to(places: None, as_officer: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), MARIA)

    answer = reading_of(as_officer, customer, metadata_number="L898902C3", metadata_expiry_date="15/04/2040")

    assert "<mark>" not in answer
    assert "Agrees with what was typed: surname, given names, number, date of birth, expiry." in answer
    assert "Fill in" not in answer


@pytest.mark.django_db
def test_support_sees_nothing_of_what_was_read(places: None, as_support: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), MARIA)

    assert "L898902C3" not in card_of(as_support, customer)
    assert as_support.post(f"/customers/{customer.pk}/readings/identity_document/").status_code == 403


@pytest.mark.django_db
def test_number_and_expiry_are_filled_in_without_javascript(places: None, as_officer: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    draft = read_as(kept_draft(customer, officer), MARIA)
    assert "Fill in number and expiry from the document" in card_of(as_officer, customer)

    as_officer.post(f"/customers/{customer.pk}/readings/identity_document/fill/", {"document_type": "passport"})

    draft.refresh_from_db()
    assert draft.metadata == {"number": "L898902C3", "expiry_date": "2040-04-15"}
    assert 'value="L898902C3"' in card_of(as_officer, customer)


@pytest.mark.django_db
def test_a_number_that_was_mended_is_not_filled_in(places: None, as_officer: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    doubtful = Facts("machine-readable zone", number="L898902C3", is_mended=True, is_transliterated=True)
    read_as(kept_draft(customer, officer), doubtful)

    page = card_of(as_officer, customer)

    assert "One character of the number was doubtful" in page
    assert "Fill in" not in page


@pytest.mark.django_db
def test_support_fills_in_nothing(places: None, as_support: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    draft = read_as(kept_draft(customer, officer), MARIA)

    answer = as_support.post(f"/customers/{customer.pk}/readings/identity_document/fill/")

    draft.refresh_from_db()
    assert (answer.status_code, draft.metadata) == (403, {})


# --- Expired

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def upload(client: Client, customer: Customer, **typed: Any) -> Any:
    chosen = {"document_type": "passport", "metadata_number": "L898902C3", **typed}
    return client.post(f"/customers/{customer.pk}/documents/identity_document/", chosen)


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
def test_an_expiry_that_was_typed_and_is_past_is_refused_at_its_field(
    places: None, as_officer: Client, officer: User
) -> None:
    customer = customer_asked_for_passport()

    answer = upload(as_officer, customer, metadata_expiry_date="19/11/2026", front_image=photo())

    assert answer.status_code == 422
    assert "This document expired on 19 Nov 2026. Ask the customer for one that is valid." in answer.content.decode()
    assert customer.documents.get().status == "DRAFT"  # the image is kept


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
@pytest.mark.parametrize(("expires", "is_refused"), [(date(2026, 11, 19), True), (date(2026, 11, 20), False)])
def test_an_expiry_that_was_read_and_is_past_is_refused(
    places: None, as_officer: Client, officer: User, expires: date, is_refused: bool
) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), Facts("machine-readable zone", expiry_date=expires))

    answer = upload(as_officer, customer).content.decode()

    assert ("Its image says that this document expired on 19 Nov 2026." in answer) is is_refused


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
def test_the_action_refuses_an_expired_document_whatever_the_form_let_through(officer: User) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), Facts("QR code", expiry_date=date(2020, 1, 1)))

    with pytest.raises(NotAllowed, match="expired on 1 Jan 2020"):
        actions.upload_document(
            customer=customer, requirement_id="identity_document", by=officer,
            upload=Upload("passport", {"number": "P1"}, front=None, back=None),
        )  # fmt: skip

    assert customer.documents.get().metadata == {}


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
@pytest.mark.parametrize(("days", "warned"), [(0, True), (30, True), (31, False)])
def test_a_document_that_expires_within_thirty_days_is_pointed_at(
    places: None, as_officer: Client, officer: User, days: int, warned: bool
) -> None:
    customer = customer_asked_for_passport()
    expires = TODAY.date() + timedelta(days=days)
    read_as(kept_draft(customer, officer), Facts("QR code", number="P1", expiry_date=expires))

    assert ("This document expires soon" in card_of(as_officer, customer)) is warned


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
def test_a_document_that_expires_soon_is_sent_with_a_reason_which_is_on_record(
    places: None, as_officer: Client, officer: User
) -> None:
    customer = customer_asked_for_passport()
    typed = {"metadata_expiry_date": "01/12/2026"}

    refused = upload(as_officer, customer, **typed, front_image=photo())
    sent = upload(as_officer, customer, **typed, override_reason="The new one is on its way")

    assert refused.status_code == 422
    assert "This document expires on 1 Dec 2026" in refused.content.decode()
    assert sent.status_code == 302
    assert customer.documents.get().overridden == ["expires_soon"]
    assert Event.objects.filter(kind="document.warnings_overridden").exists()


@pytest.mark.django_db
@time_machine.travel(TODAY, tick=False)
def test_the_place_for_a_reason_comes_with_what_was_read(places: None, as_officer: Client, officer: User) -> None:
    customer = customer_asked_for_passport()
    read_as(kept_draft(customer, officer), Facts("QR code", number="P1", expiry_date=date(2026, 12, 1)))

    asked = reading_of(as_officer, customer)
    asked_again = reading_of(as_officer, customer, override_reason="The new one")

    assert "Reason for sending it as it is" in asked
    assert "Reason for sending it as it is" not in asked_again  # it stands there already


# --- Two sides


@pytest.mark.django_db
@pytest.mark.parametrize(("number", "expiry"), [("L898902C3", date(2040, 4, 15)), ("another", None)])
def test_what_one_side_leaves_open_comes_from_the_other_side_of_the_same_document(
    number: str, expiry: date | None
) -> None:
    waiting = {side: {"state": "waiting", "sha256": side} for side in ("front", "back")}
    document = make_document(make_request(make_customer()), reading=waiting)
    put_reading(document, "front", "front", Reading(READ, Facts("PDF417 code", number=number)))
    put_reading(document, "back", "back", Reading(READ, MARIA))

    facts = facts_of(document)

    assert facts is not None
    assert (facts.number, facts.expiry_date) == (number, expiry)
