import copy
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter

from vault import cipher
from vault.cipher import CannotDecrypt, keyed_hash, keyed_hashes
from vault.fields import EncryptedJSONField, EncryptedTextField, Sealed
from vault.tests.models import Counted, Letter, Paper, registry, without_spaces

pytestmark = pytest.mark.django_db


def raw(paper: models.Model, column: str) -> bytes | None:
    """Return what really stands in the row."""
    table = paper._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM {table} WHERE id = %s', [paper.pk])  # noqa: S608
        (value,) = cursor.fetchone()
    return None if value is None else bytes(value)


def put_raw(paper: models.Model, column: str, value: bytes | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {paper._meta.db_table} SET "{column}" = %s WHERE id = %s', [value, paper.pk])  # noqa: S608


def stored(**values: Any) -> Paper:
    return Paper.objects.get(pk=Paper.objects.create(**values).pk)


# --- What stands in the database


def test_what_was_saved_is_read_again() -> None:
    paper = stored(number="X 1234567", remark="ñandú", facts={"born": "1984-11-21", "names": ["Maria", "Barber"]})

    assert paper.number == "X 1234567"
    assert paper.remark == "ñandú"
    assert paper.facts == {"born": "1984-11-21", "names": ["Maria", "Barber"]}


def test_the_row_holds_nothing_in_clear() -> None:
    paper = stored(number="X1234567", facts={"city": "Del Viso"})

    assert b"X1234567" not in (raw(paper, "number") or b"")
    assert b"Del Viso" not in (raw(paper, "facts") or b"")


def test_none_is_null_and_an_empty_text_is_sealed_like_any_other() -> None:
    paper = stored(number=None, remark="")

    assert raw(paper, "number") is None
    assert len(raw(paper, "remark") or b"") == cipher.OVERHEAD
    assert paper.number is None
    assert paper.remark == ""


def test_json_holds_what_forms_and_models_give_it() -> None:
    paper = stored(facts={"born": date(1984, 11, 21), "limit": Decimal("10.50")})

    assert paper.facts == {"born": "1984-11-21", "limit": "10.50"}


@pytest.mark.parametrize("column", ["number", "remark"])
def test_a_value_moved_to_another_row_does_not_open(column: str) -> None:
    one, other = stored(number="one", remark="one"), stored(number="other", remark="other")
    put_raw(one, column, raw(other, column))

    with pytest.raises(CannotDecrypt):
        getattr(Paper.objects.get(pk=one.pk), column)


def test_a_value_moved_to_another_column_does_not_open() -> None:
    paper = stored(number="X1234567")
    put_raw(paper, "remark", raw(paper, "number"))

    with pytest.raises(CannotDecrypt):
        _ = Paper.objects.get(pk=paper.pk).remark


def test_a_value_moved_to_another_table_does_not_open() -> None:
    paper = stored(number="X1234567")
    letter = Letter.objects.create(pk=paper.pk, number="Y")
    put_raw(letter, "number", raw(paper, "number"))

    with pytest.raises(CannotDecrypt):
        _ = Letter.objects.get(pk=letter.pk).number


def test_a_row_without_a_key_is_refused_before_it_is_written() -> None:
    with pytest.raises(ValueError, match="primary key before saving"):
        Counted.objects.create(number="X1234567")


def test_a_key_given_as_text_is_the_same_key() -> None:
    key = uuid4()
    Letter(pk=str(key).upper(), number="X1234567").save()

    assert Letter.objects.get(pk=key).number == "X1234567"


# --- Only who reads decrypts


def test_a_list_that_never_shows_the_value_never_decrypts() -> None:
    stored(label="passport", number="X1234567")

    with mock.patch.object(cipher, "decrypt", side_effect=AssertionError):
        assert [paper.label for paper in Paper.objects.all()] == ["passport"]


def test_a_value_is_decrypted_once() -> None:
    paper = stored(number="X1234567")

    with mock.patch.object(cipher, "decrypt", wraps=cipher.decrypt) as decrypt:
        assert paper.number == paper.number == "X1234567"

    assert decrypt.call_count == 1


def test_values_gives_the_sealed_value_and_does_not_print_it() -> None:
    paper = stored(number="X1234567")

    (value,) = Paper.objects.filter(pk=paper.pk).values_list("number", flat=True)

    assert isinstance(value, Sealed)
    assert repr(value) == "Sealed()"


def test_deferred_and_refreshed_values_are_read_from_the_row() -> None:
    paper = stored(label="passport", number="X1234567")

    deferred = Paper.objects.defer("number").get(pk=paper.pk)
    partial = Paper.objects.only("label").get(pk=paper.pk)
    paper.number = "typed and not saved"
    paper.refresh_from_db()

    assert deferred.number == partial.number == paper.number == "X1234567"


# --- Saving


def test_json_changed_in_place_is_saved() -> None:
    paper = stored(facts={"city": "Del Viso"})
    paper.facts["city"] = "Pilar"

    paper.save()

    assert Paper.objects.get(pk=paper.pk).facts == {"city": "Pilar"}


def test_saving_other_fields_leaves_the_value_alone() -> None:
    paper = stored(number="X1234567")
    before = raw(paper, "number")
    paper.label = "renamed"

    paper.save(update_fields=["label"])

    assert raw(paper, "number") == before


def test_an_unread_value_is_written_back_as_it_was() -> None:
    paper = stored(remark="kept")
    before = raw(paper, "remark")
    paper.label = "renamed"

    paper.save()

    assert raw(paper, "remark") == before


def test_saving_a_deferred_row_keeps_what_was_not_loaded() -> None:
    paper = Paper.objects.only("label").get(pk=stored(number="X1234567", remark="kept").pk)
    paper.label = "renamed"

    paper.save()

    assert Paper.objects.get(pk=paper.pk).remark == "kept"


def test_naming_the_field_saves_it() -> None:
    paper = stored(number="old")
    paper.number = "new"

    paper.save(update_fields=["number", "number_hash"])

    assert Paper.objects.get(pk=paper.pk).number == "new"


def test_a_copy_of_a_row_seals_what_was_read_for_itself() -> None:
    paper = stored(number="X1234567", remark="r", facts={"a": 1})
    assert (paper.number, paper.remark, paper.facts) == ("X1234567", "r", {"a": 1})
    paper.pk, paper._state.adding = uuid4(), True

    paper.save()

    assert Paper.objects.get(pk=paper.pk).number == "X1234567"


def test_a_copy_of_an_unread_row_is_refused_and_writes_nothing() -> None:
    paper = stored(remark="r")
    paper.pk, paper._state.adding = uuid4(), True

    with pytest.raises(CannotDecrypt, match="read it before"), transaction.atomic():
        paper.save()

    assert Paper.objects.count() == 1


def test_many_rows_are_created_at_once() -> None:
    Paper.objects.bulk_create([Paper(label=str(n), number=f"number {n}", facts={"n": n}) for n in range(3)])

    assert [(paper.number, paper.facts["n"]) for paper in Paper.objects.order_by("label")] == [
        ("number 0", 0),
        ("number 1", 1),
        ("number 2", 2),
    ]


def test_get_or_create_takes_the_value_among_its_defaults() -> None:
    Paper.objects.get_or_create(label="passport", defaults={"number": "X1234567"})
    paper, created = Paper.objects.get_or_create(label="passport", defaults={"number": "ignored"})

    assert not created
    assert paper.number == "X1234567"


def test_update_or_create_replaces_the_value() -> None:
    stored(label="passport", number="old")

    paper, _ = Paper.objects.update_or_create(label="passport", defaults={"number": "new"})

    assert Paper.objects.get(pk=paper.pk).number == "new"


@pytest.mark.parametrize("revive", [copy.copy, copy.deepcopy, lambda paper: pickle.loads(pickle.dumps(paper))])  # noqa: S301
def test_copies_in_memory_open_too(monkeypatch: pytest.MonkeyPatch, revive: Callable[[Paper], Paper]) -> None:
    monkeypatch.setattr("django.db.models.base.apps", registry)
    paper = stored(number="X1234567")

    assert revive(paper).number == "X1234567"


# --- What is refused


def test_update_refuses_the_value() -> None:
    paper = stored(number="X1234567")

    with pytest.raises(TypeError, match="save that"), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(number="Y")

    assert Paper.objects.get(pk=paper.pk).number == "X1234567"


def test_update_refuses_a_sealed_value_of_another_row() -> None:
    sealed = Paper.objects.values_list("number", flat=True).get(pk=stored(number="X1234567").pk)

    with pytest.raises(TypeError, match="save that"):
        Paper.objects.update(number=sealed)


def test_update_may_forget_a_value() -> None:
    paper = stored(number="X1234567")

    Paper.objects.filter(pk=paper.pk).update(number=None)

    assert Paper.objects.get(pk=paper.pk).number is None


def test_bulk_update_refuses_the_value() -> None:
    paper = stored(number="X1234567")

    with pytest.raises(TypeError, match="save that"):
        Paper.objects.bulk_update([paper], ["number"])


@pytest.mark.parametrize("search", ["number", "number__exact", "number__in", "number__icontains", "facts__city"])
def test_searching_the_value_is_refused(search: str) -> None:
    with pytest.raises(FieldError, match="keyed hash"):
        Paper.objects.filter(**{search: "X1234567"})


def test_rows_with_and_without_a_value_can_be_told_apart() -> None:
    stored(label="with", number="X1234567")
    stored(label="without")

    assert Paper.objects.get(number__isnull=True).label == "without"


def test_a_fixture_is_refused() -> None:
    with pytest.raises(TypeError, match="in clear"):
        serializers.serialize("json", [stored(number="X1234567")])


def test_a_unique_encrypted_field_fails_the_check() -> None:
    field: EncryptedTextField[str, str] = EncryptedTextField(unique=True)
    field.set_attributes_from_name("number")
    field.model = Paper

    assert "vault.E010" in [error.id for error in field.check()]


# --- Forms


class PaperForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Paper
        fields = ["number", "remark", "facts"]


def test_a_form_shows_saves_and_measures_the_plain_value() -> None:
    form = PaperForm({"number": "Y1", "remark": "", "facts": '{"a": 1}'}, instance=stored(number="X1234567"))

    assert form["number"].initial == "X1234567"
    assert form.is_valid()
    assert Paper.objects.get(pk=form.save().pk).facts == {"a": 1}


def test_a_form_refuses_a_value_that_is_too_long() -> None:
    form = PaperForm({"number": "1" * 21, "facts": "{}"})

    assert list(form.errors) == ["number"]


def test_a_model_refuses_a_value_that_is_too_long_or_cannot_be_kept() -> None:
    with pytest.raises(ValidationError) as refusal:
        Paper(number="1" * 21, facts={"a": object()}).full_clean(exclude=["file"])

    assert set(refusal.value.message_dict) == {"number", "facts"}


# --- Search and migrations


def test_the_keyed_hash_follows_the_value() -> None:
    paper = stored(number="x 123 4567")

    found = Paper.objects.filter(number_hash__in=keyed_hashes("X1234567", purpose="paper number"))

    assert list(found) == [paper]
    paper.number = "Y1"
    paper.save(update_fields=["number", "number_hash"])
    assert paper.number_hash == keyed_hash("Y1", purpose="paper number")


def test_nothing_to_search_has_no_hash() -> None:
    assert stored(number=None).number_hash == ""


def test_migrations_can_write_the_fields_down() -> None:
    for field in Paper._meta.get_fields():
        if isinstance(field, EncryptedTextField | EncryptedJSONField):
            assert f"vault.fields.{type(field).__name__}" in MigrationWriter.serialize(field)[0]

    text, _ = MigrationWriter.serialize(Paper._meta.get_field("number_hash"))
    assert f"normalise={without_spaces.__module__}.without_spaces" in text
