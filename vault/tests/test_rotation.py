from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from vault import cipher
from vault.cipher import keyed_hash
from vault.fields import Sealed
from vault.storage import EncryptedStorage
from vault.tests.models import Counted, Letter, Paper, registry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_these_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault.rotation.apps", registry)


def rotate_data_keys(**options: Any) -> str:
    out = StringIO()
    call_command("rotate_data_keys", stdout=out, stderr=out, **options)
    return out.getvalue()


def tokens() -> list[bytes]:
    found: list[Sealed | None] = [value for row in Paper.objects.values_list("number", "facts") for value in row]
    return [sealed.token for sealed in found if sealed is not None]


def test_every_value_is_sealed_again_and_the_older_key_can_go(settings: Any, rotate: Callable[[], None]) -> None:
    for n in range(5):
        Paper.objects.create(label=str(n), number=f"number {n}", facts={"n": n})
    Paper.objects.create(label="none", number=None)
    rotate()

    report = rotate_data_keys(batch=2)

    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert "vault.Paper: 6 seen, 17 sealed again" in report
    assert [paper.number for paper in Paper.objects.order_by("label")] == [*(f"number {n}" for n in range(5)), None]
    assert "The older ones can go" in report


def test_the_keyed_hash_is_made_again_with_the_value(rotate: Callable[[], None]) -> None:
    Paper.objects.create(number="x1234567")
    rotate()

    rotate_data_keys()

    assert Paper.objects.get().number_hash == keyed_hash("X1234567", purpose="paper number")


def test_a_second_run_has_nothing_to_do(rotate: Callable[[], None]) -> None:
    Paper.objects.create(number="X1234567")
    rotate()
    rotate_data_keys()
    before = tokens()

    report = rotate_data_keys()

    assert "vault.Paper: 1 seen, 0 sealed again" in report
    assert tokens() == before


def test_a_run_that_was_stopped_is_finished_by_the_next(rotate: Callable[[], None]) -> None:
    for n in range(4):
        Paper.objects.create(number=f"number {n}")
    rotate()
    real, calls = cipher.encrypt, iter(range(100))

    def stop_after_a_while(plain: bytes, *, bound_to: str) -> bytes:
        if next(calls) > 7:
            raise KeyboardInterrupt
        return real(plain, bound_to=bound_to)

    with mock.patch.object(cipher, "encrypt", stop_after_a_while), pytest.raises(KeyboardInterrupt):
        rotate_data_keys(batch=1)
    assert 0 < sum(cipher.needs_rotation(token) for token in tokens()) < len(tokens())

    rotate_data_keys(batch=1)

    assert not any(cipher.needs_rotation(token) for token in tokens())


def test_a_value_that_cannot_be_opened_is_named_and_the_others_are_done(rotate: Callable[[], None]) -> None:
    broken, good = Letter.objects.create(number="X"), Letter.objects.create(number="Y")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_letter SET number = %s WHERE id = %s", [b"\x01damaged by hand" * 4, broken.pk])
    rotate()

    out = StringIO()
    with pytest.raises(CommandError, match="1 cannot be opened"):
        call_command("rotate_data_keys", stdout=out, stderr=out)

    assert f"Cannot open vault_letter:{broken.pk}:number" in out.getvalue()
    assert not cipher.needs_rotation(Letter.objects.values_list("number", flat=True).get(pk=good.pk).token)


def test_files_are_sealed_again_and_a_damaged_one_is_named(own_folder: Path, rotate: Callable[[], None]) -> None:
    storage = EncryptedStorage()
    good, broken = (storage.save("papers/a.png", ContentFile(b"scan")) for _ in range(2))
    (own_folder / broken).write_bytes(b"\x01damaged by hand" * 4)
    rotate()

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("rotate_data_keys", stdout=out, stderr=out)

    assert "Files: 2 seen, 1 sealed again" in out.getvalue()
    assert f"Cannot open file:{broken}" in out.getvalue()
    assert not cipher.needs_rotation((own_folder / good).read_bytes())


def test_files_open_all_the_while_and_a_run_that_was_stopped_is_finished(
    settings: Any, own_folder: Path, rotate: Callable[[], None]
) -> None:
    storage = EncryptedStorage()
    names = [storage.save("papers/a.png", ContentFile(b"scan")) for _ in range(3)]
    rotate()
    real, calls = cipher.encrypt, iter(range(10))

    def stop_at_the_second(plain: bytes, *, bound_to: str) -> bytes:
        if next(calls):
            raise KeyboardInterrupt
        return real(plain, bound_to=bound_to)

    with mock.patch.object(cipher, "encrypt", stop_at_the_second), pytest.raises(KeyboardInterrupt):
        rotate_data_keys()
    assert {storage.open(name).read() for name in names} == {b"scan"}

    assert "Files: 3 seen, 2 sealed again" in rotate_data_keys()

    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert {storage.open(name).read() for name in names} == {b"scan"}


def test_a_machine_without_documents_has_nothing_to_rotate() -> None:
    assert "Files: 0 seen, 0 sealed again" in rotate_data_keys()
    assert not Counted.objects.exists()
