"""Notes on a customer, whom they mention, and who may not."""

import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from conftest import person
from customers.models import Customer, Mention, Note
from customers.note_actions import add_note, withdraw_note
from customers.policies import NotAllowed
from customers.tests.making import make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer()


def address(customer: Customer, page: str = "detail", **more: Any) -> str:
    return reverse(f"customers:{page}", kwargs={"pk": customer.pk, **more})


def send(client: Client, customer: Customer, text: str, *, form_id: object = "", headers: Any = None) -> Any:
    data = {"text": text, "form_id": str(form_id or uuid.uuid4())}
    return client.post(address(customer, "add_note"), data, headers=headers)


def said(client: Client, customer: Customer) -> list[tuple[str, str]]:
    """Return what the timeline says of notes."""
    entries = client.get(address(customer)).context["timeline"]
    return [(entry.text, entry.words) for entry in entries if "note" in entry.text]


def test_a_note_stands_on_the_page_and_on_record_and_its_text_in_neither_log_nor_table(
    as_officer: Client, customer: Customer
) -> None:
    answer = send(as_officer, customer, "Called at noon.\r\nWill send the passport on Friday.")

    assert (answer.status_code, answer["Location"]) == (302, f"{address(customer)}#notes")
    assert said(as_officer, customer) == [
        ("officer wrote a note", "Called at noon.\nWill send the passport on Friday.")
    ]
    event = Event.objects.get(kind="note.written")
    assert (event.actor_name, event.customer_id, event.object_id) == (
        "officer",
        customer.pk,
        str(Note.objects.get().pk),
    )
    assert event.detail is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM customers_note")
        assert b"passport" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write the note, then add it."),
        (" \n ", "Write the note, then add it."),
        ("x" * 2003, "Shorten it by 3 characters: 2,000 fit."),
        ("Paid with 4000 0012 3456 7899", "This holds a whole card number. Write its last four digits only."),
        ("Ask @offcier", "Nobody called “offcier” can be mentioned. Did you mean @officer?"),
        ("Ask @clerk", "Nobody called “clerk” can be mentioned."),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_note_keeps_what_was_typed_and_says_why_at_the_field(
    text: str, sentence: str, headers: dict[str, str], as_officer: Client, customer: Customer
) -> None:
    User.objects.create_user("clerk")  # who may not see customers

    answer = send(as_officer, customer, text, headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page.partition('id="note_text_error"')[2].partition("</p>")[0]
    assert text.strip() in page.partition('id="note_text"')[2].partition("</textarea>")[0]
    assert ("<html" in page) is not bool(headers)
    assert not Note.objects.exists()


def test_an_added_note_is_drawn_at_once_with_an_empty_form(as_officer: Client, customer: Customer) -> None:
    page = send(as_officer, customer, "Called <b>twice</b>", headers={"HX-Request": "true"}).content.decode()

    assert 'id="timeline" hx-swap-oob="true"' in page
    assert "Called &lt;b&gt;twice&lt;/b&gt;" in page.partition('id="timeline"')[2]
    assert "Called" not in page.partition('id="timeline"')[0]


def test_a_form_sent_twice_is_one_note_and_sent_again_with_other_words_another(
    as_officer: Client, customer: Customer
) -> None:
    form_id = uuid.uuid4()
    for text in ("Called", "Called", "Called again"):
        assert send(as_officer, customer, text, form_id=form_id).status_code == 302

    assert [words for _, words in said(as_officer, customer)] == ["Called again", "Called"]
    assert Event.objects.filter(kind="note.written").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_is_one_note(officer: User) -> None:
    customer, form_id, begin = make_customer(), uuid.uuid4(), threading.Barrier(3)

    def send_it() -> None:
        begin.wait()
        add_note(customer=customer, text="Called @officer", by=officer, pk=form_id)
        connection.close()

    threads = [threading.Thread(target=send_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Note.objects.get().pk == form_id
    assert Event.objects.filter(kind="note.written").count() == 1


def test_a_form_without_a_sound_id_is_a_note_or_a_refusal_and_never_a_crash(
    as_officer: Client, customer: Customer
) -> None:
    assert as_officer.post(address(customer, "add_note"), {"text": "Called"}).status_code == 302
    assert as_officer.post(address(customer, "add_note"), {"text": "Called", "form_id": "x"}).status_code == 422
    assert as_officer.post(address(customer, "add_note"), {"text": "a\0b"}).status_code == 422
    other = send(as_officer, make_customer(api_id="c-2"), "Called", form_id=Note.objects.get().pk)
    assert other.status_code == 302
    assert Note.objects.count() == 2


def test_what_was_typed_and_not_added_is_there_again_and_nowhere_else(
    as_officer: Client, customer: Customer, senior: User
) -> None:
    keep = address(customer, "keep_note")
    assert as_officer.post(keep, {"text": "Half a sen"}).status_code == 204
    other = Client()
    other.force_login(senior)

    assert "Half a sen" in as_officer.get(address(customer)).content.decode()
    assert "Half a sen" not in other.get(address(customer)).content.decode()
    send(as_officer, customer, "Half a sentence")
    assert ">\nHalf" not in as_officer.get(address(customer)).content.decode()

    late = {"text": "Half a sentenc", "form_id": str(Note.objects.get().pk)}  # on its way when the note was added
    assert as_officer.post(keep, late).status_code == 204
    assert not customer.unsaved_answers.exists()

    as_officer.post(keep, {"text": "Paid with 4000 0012 3456 7899", "form_id": str(uuid.uuid4())})
    assert "Paid with •••• 7899" in as_officer.get(address(customer)).content.decode()
    as_officer.post(keep, {"text": ""})
    assert not customer.unsaved_answers.exists()
    assert as_officer.post(keep, {"text": "x", "form_id": "x"}).status_code == 422


def test_a_withdrawn_note_leaves_the_pages_and_stays_on_record(as_officer: Client, customer: Customer) -> None:
    send(as_officer, customer, "Of somebody else, @senior")
    note = Note.objects.get()

    answer = as_officer.post(address(customer, "withdraw_note", note=note.pk))

    assert answer.status_code == 302
    assert ("officer wrote a note, withdrawn since", "") in said(as_officer, customer)
    assert ("officer withdrew a note", "") in said(as_officer, customer)
    assert Note.objects.get().text == "Of somebody else, @senior"
    form = as_officer.get(address(customer)).context["note_form"]
    assert form["text"].value() == "Of somebody else, @senior"  # to put it right
    assert Event.objects.get(kind="note.withdrawn").actor_name == "officer"
    as_officer.post(address(customer, "withdraw_note", note=note.pk))
    assert Event.objects.filter(kind="note.withdrawn").count() == 1


def test_a_withdrawn_note_comes_back_beside_what_its_author_has_begun_to_write(
    as_officer: Client, customer: Customer, officer: User
) -> None:
    note = add_note(customer=customer, text="Called at noon", by=officer)
    as_officer.post(address(customer, "keep_note"), {"text": "Half a sen"})

    withdraw_note(note=note, by=officer)

    form = as_officer.get(address(customer)).context["note_form"]
    assert form["text"].value() == "Called at noon\n\nHalf a sen"


@pytest.fixture(autouse=True)
def _senior(senior: User) -> None:
    """Have somebody to mention."""


def test_nobody_withdraws_what_another_wrote(
    as_officer: Client, customer: Customer, senior: User, officer: User
) -> None:
    note = add_note(customer=customer, text="Called", by=senior)
    page = as_officer.get(address(customer)).content.decode()

    answer = as_officer.post(address(customer, "withdraw_note", note=note.pk))

    assert "Withdraw</button>" not in page
    assert answer.status_code == 409
    assert "Only who wrote a note withdraws it. Add one that puts it right." in answer.content.decode()
    note.refresh_from_db()
    assert not note.is_withdrawn


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE customers_note SET text = 'x'::bytea", "note_is_written_once"),
        ("UPDATE customers_note SET at = now(), withdrawn_at = now()", "note_is_written_once"),
        ("DELETE FROM customers_note", "note_is_written_once"),
        ("UPDATE customers_note SET withdrawn_at = at - interval '1 s'", "note_is_withdrawn_after_it_was_written"),
        ("UPDATE customers_mention SET seen_at = at - interval '1 s'", "mention_is_seen_after_it_was_made"),
        (
            "INSERT INTO customers_mention (id, at, person_id, note_id) "
            "SELECT gen_random_uuid(), at, person_id, note_id FROM customers_mention",
            "person_is_mentioned_once_in_a_note",
        ),
    ],
)
def test_the_database_refuses(change: str, name: str, customer: Customer, officer: User) -> None:
    add_note(customer=customer, text="Ask @senior", by=officer)

    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {change}")
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_a_withdrawal_is_not_taken_back_in_the_database(customer: Customer, officer: User) -> None:
    note = add_note(customer=customer, text="Called", by=officer)
    withdraw_note(note=note, by=officer)

    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        Note.objects.update(withdrawn_at=None)


def test_support_reads_notes_with_the_customers_data_masked(
    as_support: Client, customer: Customer, officer: User, support: User
) -> None:
    add_note(customer=customer, text="Lives at Florida 9860, write to maria@example.com. Ask @support", by=officer)

    page = as_support.get(address(customer)).content.decode()
    mentions = as_support.get("/mentions/").content.decode()

    for text in (page, mentions):
        assert "Lives at ••••, write to m•••@example.com" in text
        assert "Florida" not in text


def test_an_auditor_reads_notes_and_is_offered_no_form(client: Client, customer: Customer, officer: User) -> None:
    add_note(customer=customer, text="Called", by=officer)
    auditor = person("auditor", "Auditor")
    client.force_login(auditor)

    page = client.get(address(customer)).content.decode()

    assert "Called" in page
    assert "Add note" not in page
    assert send(client, customer, "x").status_code == 403
    with pytest.raises(NotAllowed, match="You may not do this"):
        add_note(customer=customer, text="x", by=auditor)


# --- Mentions


def unseen(client: Client) -> str:
    """Return what the frame says of new mentions."""
    page = client.get("/customers/").content.decode()
    return page.partition('<span class="count">')[2].partition("<")[0]


def as_senior() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="senior"))
    return client


def test_who_is_mentioned_is_told_until_they_have_opened_the_customer(as_officer: Client, customer: Customer) -> None:
    senior = as_senior()
    send(as_officer, customer, "@senior, look at this. (@Senior!) mail senior@senior.example @officer")

    assert unseen(senior) == "1"
    assert unseen(as_officer) == ""  # nobody is told what they wrote themselves
    listed = senior.get("/mentions/").context["listed"]
    assert [row.mention.note.customer for row in listed.unseen] == [customer]

    senior.get(address(customer))

    assert unseen(senior) == ""
    listed = senior.get("/mentions/").context["listed"]
    assert (len(listed.unseen), len(listed.seen)) == (0, 1)


def test_a_mention_is_marked_as_seen_by_whom_it_mentions_alone(
    as_officer: Client, customer: Customer, support: User
) -> None:
    senior = as_senior()
    for number in range(2):
        send(as_officer, customer, f"Case {number}, @senior and @support")
    newest = Note.objects.order_by("-at")[0]

    as_officer.post(f"/mentions/{newest.pk}/seen/")
    assert unseen(senior) == "2"
    assert senior.post(f"/mentions/{newest.pk}/seen/")["Location"] == "/mentions/"

    assert unseen(senior) == "1"
    assert Mention.objects.of(support).unseen().count() == 2
    assert senior.get(f"/mentions/{newest.pk}/seen/").status_code == 405
    assert senior.post(f"/mentions/{uuid.uuid4()}/seen/").status_code == 404


def test_who_has_not_seen_a_mention_is_not_sent_to_a_withdrawn_note(
    as_officer: Client, customer: Customer, officer: User
) -> None:
    add_note(customer=customer, text="Ask @senior", by=officer)

    withdraw_note(note=Note.objects.get(), by=officer)

    assert unseen(as_senior()) == ""


def test_mentions_lead_back_page_by_page_at_a_fixed_cost(
    as_officer: Client, officer: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.paging.PAGE_SIZE", 3)
    for number in range(7):
        customer = make_customer(api_id=f"client-{number}")
        add_note(customer=customer, text="Look, @senior", by=officer)
    newest = Mention.objects.order_by("-at")[0]
    Mention.objects.exclude(pk=newest.pk).update(seen_at=newest.at)
    senior = as_senior()

    # Session, person, two for rights, the seen, the unseen, what waits for a second person, the count.
    with django_assert_num_queries(8):
        first = senior.get("/mentions/").context["listed"]
    second = senior.get(first.older_url).context["listed"]

    assert [row.mention.pk for row in first.unseen] == [newest.pk]
    seen = [row.mention.pk for row in (*first.seen, *second.seen)]
    assert seen == list(Mention.objects.seen().order_by("-at", "-pk").values_list("pk", flat=True))
    assert second.unseen == []
    assert senior.get("/mentions/?older=x").status_code == 400


def test_the_list_that_opens_at_an_at_names_who_may_see_customers(as_officer: Client, auditor: User) -> None:
    User.objects.create_user("clerk")
    User.objects.filter(username="senior").update(first_name="Ana", last_name="Gil")

    names = as_officer.get("/customers/people/").content.decode()

    assert 'data-name="senior"' in names
    assert 'data-name="auditor"' in names  # who reads notes and writes none
    assert "Ana Gil" in names
    assert "clerk" not in names
