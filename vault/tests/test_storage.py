import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from vault.checks import document_storage_is_usable, endpoint_is_an_address
from vault.cipher import CannotDecrypt
from vault.storage import EncryptedStorage
from vault.tests.models import Paper

SCAN = b"\x89PNG the image of a passport"


@pytest.fixture
def storage() -> EncryptedStorage:
    return EncryptedStorage()


def test_a_file_comes_back_as_it_was_given(storage: EncryptedStorage) -> None:
    name = storage.save("papers/passport.png", ContentFile(SCAN))

    with storage.open(name) as file:
        assert file.read() == SCAN
    assert storage.size(name) == len(SCAN)


def test_the_disk_holds_neither_content_nor_the_given_name(storage: EncryptedStorage, own_folder: Path) -> None:
    storage.save("papers/maria-barber-passport.png", ContentFile(SCAN))

    (path,) = (path for path in own_folder.rglob("*") if path.is_file())

    assert b"passport" not in path.read_bytes()
    assert "maria" not in str(path.relative_to(own_folder))


def test_only_our_system_user_may_read_files_and_folders(storage: EncryptedStorage, own_folder: Path) -> None:
    storage.save("papers/passport.png", ContentFile(SCAN))

    modes = {path.is_file(): stat.S_IMODE(path.stat().st_mode) for path in [own_folder, *own_folder.rglob("*")]}

    assert modes == {True: 0o600, False: 0o700}


def test_the_same_name_given_twice_makes_two_files(storage: EncryptedStorage) -> None:
    assert storage.save("a.png", ContentFile(SCAN)) != storage.save("a.png", ContentFile(SCAN))


def test_a_name_cannot_leave_the_folder(storage: EncryptedStorage) -> None:
    with pytest.raises(Exception, match="path traversal"):
        storage.save("../passport.png", ContentFile(SCAN))


def test_a_file_put_in_the_place_of_another_does_not_open(storage: EncryptedStorage, own_folder: Path) -> None:
    one, other = (storage.save("a.png", ContentFile(SCAN)) for _ in range(2))
    (own_folder / one).write_bytes((own_folder / other).read_bytes())

    with pytest.raises(CannotDecrypt):
        storage.open(one)


def test_a_damaged_file_does_not_open(storage: EncryptedStorage, own_folder: Path) -> None:
    name = storage.save("a.png", ContentFile(SCAN))
    (own_folder / name).write_bytes((own_folder / name).read_bytes()[:-1])

    with pytest.raises(CannotDecrypt):
        storage.open(name)


def test_a_file_has_no_address(storage: EncryptedStorage) -> None:
    with pytest.raises(ValueError, match="no address"):
        storage.url("a.png")


def test_a_file_cannot_be_opened_for_writing(storage: EncryptedStorage) -> None:
    name = storage.save("a.png", ContentFile(SCAN))

    with pytest.raises(ValueError, match="reading only"):
        storage.open(name, "wb")


def test_a_deleted_file_is_gone(storage: EncryptedStorage, own_folder: Path) -> None:
    name = storage.save("a.png", ContentFile(SCAN))

    storage.delete(name)

    assert not storage.exists(name)
    assert list(storage.names()) == []


def test_rotation_seals_a_file_again(storage: EncryptedStorage, own_folder: Path, rotate: Callable[[], None]) -> None:
    name = storage.save("a.png", ContentFile(SCAN))
    before = (own_folder / name).read_bytes()
    rotate()

    assert storage.rotate(name) is True
    assert storage.rotate(name) is False

    assert (own_folder / name).read_bytes() != before
    assert stat.S_IMODE((own_folder / name).stat().st_mode) == 0o600
    assert storage.open(name).read() == SCAN


def test_a_replacement_that_fails_leaves_the_file_and_no_draft(
    storage: EncryptedStorage, own_folder: Path, rotate: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = storage.save("a.png", ContentFile(SCAN))
    rotate()

    def full_disk(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        storage.rotate(name)

    assert [path.name for path in own_folder.rglob("*") if path.is_file()] == [Path(name).name]
    assert storage.open(name).read() == SCAN


@pytest.mark.django_db
def test_a_file_field_saves_and_opens_sealed_files(own_folder: Path) -> None:
    paper = Paper()
    paper.file.save("passport.png", ContentFile(SCAN))

    found = Paper.objects.get(pk=paper.pk)

    assert str(found.file).startswith("papers/")
    assert found.file.read() == SCAN
    assert (own_folder / str(found.file)).read_bytes() != SCAN


def test_documents_are_kept_in_this_storage() -> None:
    assert isinstance(storages["documents"], EncryptedStorage)


def test_a_folder_can_be_named(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENT_STORAGE = str(tmp_path / "elsewhere")

    name = EncryptedStorage().save("a.png", ContentFile(SCAN))

    assert (tmp_path / "elsewhere" / name).exists()


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("ftp://documents.example.com/", "names a store that is not supported"),
        ("s3://", "names no bucket"),
        ("s3://Documents_Here", "names no bucket"),
        ("s3://key:secret@documents", "names no bucket"),
        ("s3://documents?acl=public", "names no bucket"),
        ("s3://documents/../others", "names a folder of the bucket that is no plain path"),
        ("s3://documents//portal images", "names a folder of the bucket that is no plain path"),
    ],
)
def test_a_store_we_cannot_use_is_refused_at_the_start(settings: Any, address: str, fault: str) -> None:
    settings.DOCUMENT_STORAGE = address

    assert [(error.id, error.msg) for error in document_storage_is_usable()] == [
        ("vault.E004", f"DOCUMENT_STORAGE {fault}.")
    ]


@pytest.mark.parametrize("address", ["", "/srv/documents", "s3://documents", "s3://documents/portal/live/"])
def test_a_folder_and_a_bucket_pass_the_check(settings: Any, address: str) -> None:
    settings.DOCUMENT_STORAGE = address

    assert document_storage_is_usable() == []


@pytest.mark.parametrize(
    ("endpoint", "found"),
    [("s3.example.com", ["vault.E005"]), ("https://", ["vault.E005"]), ("https://s3.example.com", []), ("", [])],
)
def test_an_endpoint_is_an_address(settings: Any, endpoint: str, found: list[str]) -> None:
    settings.DOCUMENT_STORAGE_ENDPOINT = endpoint

    assert [error.id for error in endpoint_is_an_address()] == found


def test_a_file_deleted_while_it_is_sealed_again_stays_away(
    storage: EncryptedStorage, own_folder: Path, rotate: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = storage.save("a.png", ContentFile(SCAN))
    rotate()
    monkeypatch.setattr("os.fsync", lambda _: storage.delete(name))

    with pytest.raises(FileNotFoundError):
        storage.rotate(name)

    assert [path for path in own_folder.rglob("*") if path.is_file()] == []


def test_nothing_of_the_library_for_buckets_is_loaded_at_the_start() -> None:
    loaded = "import sys, django; django.setup(); print('boto3' in sys.modules, 'storages' in sys.modules)"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "DEMO": "1"}

    answer = subprocess.run([sys.executable, "-c", loaded], env=env, capture_output=True, text=True, check=True)

    assert answer.stdout.split() == ["False", "False"]
