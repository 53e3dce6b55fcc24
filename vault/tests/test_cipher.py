from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from vault.checks import data_keys_are_usable
from vault.cipher import (
    HEADER_LENGTH,
    OVERHEAD,
    CannotDecrypt,
    decrypt,
    encrypt,
    keyed_hash,
    keyed_hashes,
    needs_rotation,
)

PLACE = "paper:1:number"


def test_what_is_sealed_opens_in_its_place() -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    assert decrypt(sealed, bound_to=PLACE) == b"X1234567"


def test_the_plain_value_does_not_stand_in_the_sealed_one() -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    assert b"X1234567" not in sealed
    assert len(sealed) == len(b"X1234567") + OVERHEAD


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert encrypt(b"X1234567", bound_to=PLACE) != encrypt(b"X1234567", bound_to=PLACE)


def test_a_value_does_not_open_in_another_place() -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    with pytest.raises(CannotDecrypt):
        decrypt(sealed, bound_to="paper:2:number")


@pytest.mark.parametrize("position", [0, 1, HEADER_LENGTH, HEADER_LENGTH + 12, -1])
def test_one_changed_bit_anywhere_is_noticed(position: int) -> None:
    changed = bytearray(encrypt(b"X1234567", bound_to=PLACE))
    changed[position] ^= 1

    with pytest.raises(CannotDecrypt):
        decrypt(bytes(changed), bound_to=PLACE)


@pytest.mark.parametrize("length", [0, 1, HEADER_LENGTH, HEADER_LENGTH + 11, HEADER_LENGTH + 12, OVERHEAD - 1])
def test_a_value_that_was_cut_off_is_noticed(length: int) -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    with pytest.raises(CannotDecrypt):
        decrypt(sealed[:length], bound_to=PLACE)


def test_a_refusal_says_nothing_of_the_value() -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    with pytest.raises(CannotDecrypt) as refusal:
        decrypt(sealed, bound_to="elsewhere")

    assert "X1234567" not in str(refusal.value)
    assert sealed.hex() not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_value_sealed_with_an_older_key_still_opens(rotate: Callable[[], None]) -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)

    rotate()

    assert decrypt(sealed, bound_to=PLACE) == b"X1234567"
    assert needs_rotation(sealed)
    assert not needs_rotation(encrypt(b"X1234567", bound_to=PLACE))


def test_a_value_sealed_with_a_lost_key_is_refused(settings: Any, new_key: Callable[[], str]) -> None:
    sealed = encrypt(b"X1234567", bound_to=PLACE)
    settings.DATA_KEYS = [new_key()]

    with pytest.raises(CannotDecrypt, match="not in DATA_KEYS"):
        decrypt(sealed, bound_to=PLACE)


def test_equal_values_have_equal_hashes_for_one_purpose_only() -> None:
    assert keyed_hash("X1234567", purpose="a") == keyed_hash("X1234567", purpose="a")
    assert keyed_hash("X1234567", purpose="a") != keyed_hash("X1234567", purpose="b")
    assert keyed_hash("X1234567", purpose="a") != keyed_hash("X1234568", purpose="a")


def test_a_hash_written_before_a_rotation_is_still_found(rotate: Callable[[], None]) -> None:
    stored = keyed_hash("X1234567", purpose="a")

    rotate()

    assert keyed_hash("X1234567", purpose="a") != stored
    assert stored in keyed_hashes("X1234567", purpose="a")
    assert keyed_hashes("X1234567", purpose="a")[0] == keyed_hash("X1234567", purpose="a")


def test_nothing_is_sealed_without_a_key(settings: Any) -> None:
    settings.DATA_KEYS = []

    with pytest.raises(ImproperlyConfigured):
        encrypt(b"X1234567", bound_to=PLACE)


def test_the_demo_keys_pass_the_check() -> None:
    assert data_keys_are_usable() == []


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ([], "vault.E001"),
        (["not base64 at all"], "vault.E002"),
        (["c2hvcnQ="], "vault.E002"),
        (["+" * 44], "vault.E002"),
    ],
)
def test_keys_that_cannot_seal_are_refused_at_the_start(settings: Any, keys: list[str], fault: str) -> None:
    settings.DATA_KEYS = keys

    (error,) = data_keys_are_usable()

    assert error.id == fault
    assert not any(key in error.msg for key in keys)


def test_a_key_given_twice_is_refused_at_the_start(settings: Any) -> None:
    settings.DATA_KEYS = settings.DATA_KEYS * 2

    assert [error.id for error in data_keys_are_usable()] == ["vault.E003"]
