"""The seal: what tampering with the log leaves behind, and that nothing is called tampering that is none."""

import base64
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit import heads, stretches, tasks, verifying
from audit.actions import record
from audit.kinds import Kind
from audit.models import Event, Seal
from audit.sealing import seal_all, seal_next
from audit.tests.conftest import Record

pytestmark = pytest.mark.django_db

Log = Callable[[int], list[Event]]


@pytest.fixture
def log(recorded: Record) -> Log:
    """Record some events and seal them."""

    def write(count: int) -> list[Event]:
        events = [recorded(after={"city": f"Pilar {number}"}) for number in range(count)]
        seal_all()
        return events

    return write


def tamper(statement: str, *values: Any) -> None:
    """Do what the owner of the tables can do."""
    with connection.cursor() as cursor:
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def verify(*arguments: str) -> str:
    """Return what `audit_verify` says of a log that it finds whole."""
    out = StringIO()
    call_command("audit_verify", *arguments, stdout=out)
    return out.getvalue()


def faults(*arguments: str) -> list[str]:
    """Return what `audit_verify` names in a log that it does not find whole."""
    out = StringIO()
    with pytest.raises(CommandError, match="not as it was recorded"):
        call_command("audit_verify", *arguments, stdout=out)
    return [line for line in out.getvalue().splitlines() if line.startswith(("Event ", "Seal", "The tail"))]


def test_a_log_nobody_touched_is_whole_and_what_is_not_sealed_yet_is_counted(log: Log, recorded: Record) -> None:
    assert "No seal yet" in verify()
    log(3)
    recorded(), recorded()

    said = verify()

    assert "3 events in 1 seal." in said
    assert "2 events not sealed yet, since " in said
    assert f"whole. Its head is {Seal.objects.get().head}" in said


def test_a_row_is_sealed_once_and_sealing_nothing_makes_no_seal(log: Log) -> None:
    first, second = log(2), log(1)

    seal_all()

    assert [seal.seqs for seal in Seal.objects.order_by("number")] == [
        [event.seq for event in first],
        [event.seq for event in second],
    ]


def test_a_long_log_is_sealed_in_several_seals(recorded: Record) -> None:
    seqs = [recorded().seq for _ in range(5)]

    counts = [seal_next(size=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert [seal.seqs for seal in Seal.objects.order_by("number")] == [seqs[:2], seqs[2:4], seqs[4:]]
    assert "5 events in 3 seals." in verify()


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'card.issued'",
        "actor_id = 7, actor_name = 'mallory'",
        "at = at - interval '1 hour'",
        "customer_id = gen_random_uuid()",
        "ip = '203.0.113.7'",
        "detail = NULL",
    ],
)
def test_a_changed_row_is_named(log: Log, change: str) -> None:
    _, changed, _ = log(3)

    tamper(f"UPDATE audit_event SET {change} WHERE seq = %s", changed.seq)  # noqa: S608

    assert faults() == [f"Event {changed.seq} was changed."]


def test_what_was_recorded_cannot_be_forged_or_taken_from_another_row(log: Log) -> None:
    forged, copied = log(2)

    tamper("UPDATE audit_event SET detail = %s WHERE seq = %s", b"forged" * 10, forged.seq)
    tamper(
        "UPDATE audit_event SET detail = (SELECT detail FROM audit_event WHERE seq = %s) WHERE seq = %s",
        *(forged.seq, copied.seq),
    )

    assert [line.partition(",")[0] for line in faults()] == [
        f"Event {event.seq} was changed" for event in (forged, copied)
    ]


def test_a_removed_row_is_named(log: Log) -> None:
    _, removed, _ = log(3)

    tamper("DELETE FROM audit_event WHERE seq = %s", removed.seq)

    assert faults() == [f"Event {removed.seq} was removed."]


INSERT = """
INSERT INTO audit_event (id, seq, at, kind, actor_name, object_type, object_id, source, request_id)
VALUES (gen_random_uuid(), {seq}, {at}, 'card.issued', '', '', '', 'web', '')
"""


def test_a_row_inserted_among_sealed_ones_is_named(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    first, gap, _ = log(1)[0].seq, drawn(), log(1)
    monkeypatch.setattr(stretches, "LONGEST_TRANSACTION", timedelta(0))
    log(1)  # by now the number that got no row is given up

    tamper(INSERT.format(seq=gap, at="now()"))
    tamper(INSERT.format(seq=-first, at="now()"))
    tamper(INSERT.format(seq=2**60, at="now()"))

    assert [line.split()[1] for line in faults()] == [str(-first), str(gap), str(2**60)]
    assert all("was inserted" in line for line in faults())


def test_a_row_inserted_with_an_older_date_is_named_once_it_is_sealed(log: Log) -> None:
    log(1)
    tamper(INSERT.format(seq="nextval('audit_event_seq')", at="now() - interval '3 days'"))
    inserted = Event.objects.latest_first()[0]

    seal_all()

    assert [line.partition(":")[0] for line in faults()] == [f"Event {inserted.seq} was inserted"]


def test_a_row_with_a_number_of_the_far_future_does_not_stop_the_sealing(log: Log) -> None:
    log(1)
    tamper(INSERT.format(seq=2**60, at="now()"))

    [later] = log(1)

    assert later.seq in Seal.objects.order_by("number").last().seqs  # type: ignore[union-attr]
    assert faults() == [f"Event {2**60} was inserted: no seal holds it, and none is still to come."]


def test_rows_in_another_order_are_named_with_their_places(log: Log) -> None:
    [first], [second] = log(1), log(1)

    for seq, wanted in ((first.seq, -1), (second.seq, first.seq), (-1, second.seq)):
        tamper("UPDATE audit_event SET seq = %s WHERE seq = %s", wanted, seq)

    assert faults() == [
        f"Event {first.seq} was moved: it was recorded as event {second.seq}.",
        f"Event {second.seq} was moved: it was recorded as event {first.seq}.",
    ]


def test_what_is_recorded_while_the_log_is_verified_is_no_fault(
    log: Log, recorded: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(2)
    look_for_rows_outside = verifying._each

    def record_before(query: str) -> Iterator[tuple[Any, ...]]:
        recorded()
        seal_all()
        recorded()
        return look_for_rows_outside(query)

    monkeypatch.setattr(verifying, "_each", record_before)

    assert "whole" in verify()


def test_admins_read_the_seals_and_change_none(client: Client, admin_person: User, log: Log) -> None:
    client.force_login(admin_person)
    log(2)

    assert client.get("/admin/audit/seal/").status_code == 200
    page = client.get("/admin/audit/seal/1/change/").content.decode()

    assert Seal.objects.get().head in page
    assert client.post("/admin/audit/seal/1/change/", {"drawn": 7}).status_code == 403


# --- The chain itself


def test_a_seal_that_was_changed_or_removed_is_named(log: Log) -> None:
    for _ in range(4):
        log(1)

    tamper("UPDATE audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE number = 1")
    tamper("DELETE FROM audit_seal WHERE number = 3")

    assert faults()[:3] == [
        "Seal 1 was changed, or does not follow the seal before it.",
        "Seals 3 to 3 were removed.",
        "Seal 4 was changed, or does not follow the seal before it.",
    ]


def test_a_log_sealed_anew_without_the_key_is_found_out(log: Log, settings: Any) -> None:
    [event] = log(1)
    tamper("UPDATE audit_event SET kind = 'card.issued' WHERE seq = %s", event.seq)
    tamper("DELETE FROM audit_seal")
    ours, settings.AUDIT_KEY = settings.AUDIT_KEY, "a key that mallory made up"
    seal_all()
    settings.AUDIT_KEY = ours

    assert "cannot be verified: its key" in faults()[0]


@pytest.mark.parametrize("statement", ["UPDATE audit_seal SET drawn = 0", "DELETE FROM audit_seal"])
def test_postgresql_refuses_to_change_a_seal(log: Log, statement: str) -> None:
    log(1)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_seals_cannot_be_emptied(log: Log) -> None:
    log(1)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.allow_truncate = off")
        with pytest.raises(IntegrityError, match="append-only: TRUNCATE"):
            cursor.execute("TRUNCATE audit_seal")


# --- The head


def cut_to(number: int) -> None:
    tamper("DELETE FROM audit_event WHERE seq > (SELECT drawn FROM audit_seal WHERE number = %s)", number)
    tamper("DELETE FROM audit_seal WHERE number > %s", number)


def test_a_tail_that_was_cut_off_is_found_out_by_the_head_written_down_before(log: Log) -> None:
    log(1), log(2)
    tasks.write_head()
    head = Seal.objects.get(number=2).head
    assert "whole" in verify()

    cut_to(1)

    [said] = faults()
    assert said.startswith("The tail was cut off: the head of ")
    assert said.endswith("names seal 2, and the log ends with seal 1.")
    heads.head_file().unlink()
    assert "whole" in verify()
    assert faults("--head", head) == [
        "The tail was cut off: the head that was given names seal 2, and the log ends with seal 1."
    ]


def test_a_tail_that_was_cut_off_and_grown_again_is_found_out(log: Log) -> None:
    log(1), log(2)
    tasks.write_head()

    cut_to(1)
    log(1)

    [said] = faults()
    assert said.startswith("Seal 2 is not the one that the head of ")


def test_a_head_nobody_can_read_is_refused(log: Log) -> None:
    with pytest.raises(CommandError, match="A head is the number of a seal and its mac"):
        call_command("audit_verify", "--head", "nonsense")
    heads.head_file().write_text("nonsense\n")
    with pytest.raises(CommandError, match="is no head"):
        call_command("audit_verify")


def test_a_log_without_a_seal_has_no_head_to_write() -> None:
    tasks.write_head()

    assert not heads.head_file().exists()


# --- Keys


def test_a_new_key_seals_on_and_the_old_one_still_verifies(log: Log, settings: Any) -> None:
    log(2)
    settings.AUDIT_KEY, settings.AUDIT_KEY_PREVIOUS = "the next key of the seal", [settings.AUDIT_KEY]
    log(2)

    assert "4 events in 2 seals." in verify()
    settings.AUDIT_KEY_PREVIOUS = []
    assert [line.partition(":")[0] for line in faults()] == ["Seal 1 cannot be verified"]


def test_rotating_the_data_keys_breaks_no_seal(log: Log, settings: Any, tmp_path: Path) -> None:
    log(2)
    newest = base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings.DATA_KEYS = [newest, *settings.DATA_KEYS]
    call_command("rotate_data_keys", stdout=StringIO())
    settings.DATA_KEYS = [newest]

    assert "whole" in verify()


def test_a_row_that_cannot_be_opened_is_not_sealed_and_holds_nobody_up(log: Log, recorded: Record) -> None:
    log(1)
    broken = recorded(after={"city": "Pilar"})
    tamper("UPDATE audit_event SET detail = %s WHERE seq = %s", b"forged" * 10, broken.seq)

    [after] = log(1)

    assert Seal.objects.get(number=2).seqs == [after.seq]
    assert "1 event not sealed yet" in verify()


# --- Transactions that end out of order


def drawn() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('audit_event_seq')")
        (number,) = cursor.fetchone()
    return int(number)


def test_a_number_whose_transaction_failed_is_waited_for_and_then_given_up(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    [before], failed, [after] = log(1), drawn(), log(1)
    seal = Seal.objects.get(number=2)

    assert seal.waits_for(failed)
    assert not seal.waits_for(before.seq)
    assert not seal.waits_for(after.seq)

    monkeypatch.setattr(stretches, "LONGEST_TRANSACTION", timedelta(0))
    log(1)
    assert not Seal.objects.get(number=3).waits_for(failed)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_after_a_later_one_was_sealed_is_in_the_next_seal() -> None:
    has_recorded, may_commit = Signal(), Signal()
    slow: list[Event] = []

    def record_slowly() -> None:
        with transaction.atomic():
            slow.append(record(kind=Kind.CARD_FROZEN, by=None))
            has_recorded.set()
            may_commit.wait(timeout=30)
        connection.close()

    thread = Thread(target=record_slowly)
    thread.start()
    has_recorded.wait(timeout=30)
    with transaction.atomic():
        quick = record(kind=Kind.CARD_UNFROZEN, by=None)
    seal_all()
    assert slow[0].seq < quick.seq
    assert "1 event in 1 seal." in verify()

    may_commit.set()
    thread.join()
    assert "1 event not sealed yet" in verify()
    seal_all()

    assert [seal.seqs for seal in Seal.objects.order_by("number")] == [[quick.seq], [slow[0].seq]]
    assert "2 events in 2 seals." in verify()


@pytest.mark.django_db(transaction=True)
def test_two_who_seal_at_once_seal_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        seqs = [record(kind=Kind.CARD_FROZEN, by=None).seq for _ in range(3)]
    others: list[int] = []

    def seal_too() -> None:
        others.append(seal_next())
        connection.close()

    with transaction.atomic():
        seal_next()
        thread = Thread(target=seal_too)
        thread.start()
        thread.join(timeout=10)  # who waits for the other instead of leaving would wait for ever

    assert others == [0]
    assert [seal.seqs for seal in Seal.objects.all()] == [seqs]
