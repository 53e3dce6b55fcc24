"""Model fields whose value stands encrypted in the database and is opened when somebody reads it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core import checks
from django.core.exceptions import FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup
from django.db.models.query_utils import DeferredAttribute

from vault import cipher

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:
    _Field = models.Field
    _CharField = models.CharField
else:

    class _TakesTypes:
        """Takes the type parameters that only the type checker knows of."""

        def __class_getitem__(cls, _types: Any) -> type:
            return cls

    class _Field(_TakesTypes, models.Field): ...

    class _CharField(_TakesTypes, models.CharField): ...


@dataclass(frozen=True)
class Sealed:
    """A value as it stands in the database, not opened. `values()` and `values_list()` give it too."""

    token: bytes = field(repr=False)


class _Bound(bytes):
    """A token made for one row. Only saving and rotating make it, so that nothing else can write the column."""


class _OpenedOnRead(DeferredAttribute):
    """Keeps what came from the database sealed until it is read, so that a list that never shows it never decrypts."""

    field: "EncryptedField[Any, Any]"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.open(value, instance.pk)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(_Field[_ST, _GT]):
    """Binds each value to its table, row and column.

    The row needs its primary key before it is saved. Renaming the table or the column is a data migration that seals
    the values again. `None` is NULL; everything else, the empty string included, is encrypted. Never let
    `bulk_create(update_conflicts=True)` update such a field: it would write what was sealed for another row.
    """

    descriptor_class = _OpenedOnRead
    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BinaryField"

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_not_a_key()]

    def _check_not_a_key(self) -> list[checks.CheckMessage]:
        if not (self.unique or getattr(self, "db_index", False)):
            return []
        hint = "Put a keyed hash beside it and index that."
        return [checks.Error("An encrypted field is never equal to itself.", hint=hint, obj=self, id="vault.E010")]

    # --- Between the row and the database

    def seal(self, value: Any, pk: Any) -> bytes:
        return cipher.encrypt(self.to_bytes(value), bound_to=self.place(pk))

    def open(self, sealed: Sealed, pk: Any) -> Any:
        """Return the plain value. Raises CannotDecrypt."""
        return self.from_bytes(cipher.decrypt(sealed.token, bound_to=self.place(pk)))

    def seal_again(self, sealed: Sealed, pk: Any) -> "_Bound":
        """Return the same value under the newest key. Raises CannotDecrypt."""
        place = self.place(pk)
        return _Bound(cipher.encrypt(cipher.decrypt(sealed.token, bound_to=place), bound_to=place))

    def place(self, pk: Any) -> str:
        key = self.model._meta.pk.to_python(pk)
        if key is None:
            raise ValueError(f"{self} is bound to its row: give the row a primary key before saving it.")
        return f"{self.model._meta.db_table}:{key}:{self.column}"

    def pre_save(self, model_instance: models.Model, add: bool) -> _Bound | None:  # noqa: FBT001 - Django's signature
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            self._check_still_at_home(value, model_instance)
            return _Bound(value.token)
        # Through the attribute, which fetches a deferred value.
        value = getattr(model_instance, self.attname)
        return None if value is None else _Bound(self.seal(value, model_instance.pk))

    def _check_still_at_home(self, sealed: Sealed, instance: models.Model) -> None:
        try:
            self.open(sealed, instance.pk)
        except cipher.CannotDecrypt as error:
            raise cipher.CannotDecrypt(
                f"{self} does not open in this row: read it before giving the row a new key."
            ) from error

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        if value is None or isinstance(value, _Bound):
            return value
        raise TypeError(f"{self} is encrypted for one row: set it on the object and save that.")

    def from_db_value(self, value: Any, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        if lookup_name != "isnull":
            raise FieldError(f"{self} is encrypted and cannot be searched: search a keyed hash beside it.")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self} is encrypted: a fixture would hold it in clear.")

    # --- What a kind of value is

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def from_bytes(self, plain: bytes) -> Any:
        return plain.decode()


class EncryptedTextField(EncryptedField[_ST, _GT]):
    """Text. `max_length` counts the plain characters."""

    _pyi_private_set_type: str
    _pyi_private_get_type: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        empty = {"empty_value": None} if self.null else {}
        return super().formfield(**{"form_class": forms.CharField, "max_length": self.max_length, **empty, **kwargs})


class EncryptedJSONField(EncryptedField[_ST, _GT]):
    """Anything JSON can say; dates, times, decimals and UUIDs come back as text."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False).encode()

    def from_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            self.to_bytes(value)
        except TypeError as error:
            raise ValidationError(
                "This cannot be kept: give text, numbers, lists and objects only.", code="invalid"
            ) from error

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"form_class": forms.JSONField, "encoder": DjangoJSONEncoder, **kwargs})


class KeyedHashField(_CharField[_ST, _GT]):
    """The keyed hash of an encrypted field beside it, for exact search: `filter(number_hash__in=keyed_hashes(…))`.

    It follows the value whenever it is saved, so name both in `update_fields`. `normalise` is a function of a module,
    which migrations can name.
    """

    _pyi_private_set_type: str
    _pyi_private_get_type: str

    def __init__(self, *args: Any, of: str, purpose: str, normalise: Callable[[str], str], **kwargs: Any) -> None:
        self.of, self.purpose, self.normalise = of, purpose, normalise
        super().__init__(*args, **{"max_length": 64, "blank": True, "default": "", "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of, "purpose": self.purpose, "normalise": self.normalise}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 - Django's signature
        hashed = self.hash_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, hashed)
        return hashed

    def hash_of(self, value: str | None) -> str:
        return cipher.keyed_hash(self.normalise(value), purpose=self.purpose) if value else ""
