"""What a request still wants, by name: plain columns beside the encrypted answer, so that PostgreSQL can look there."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from cryptomate import DocumentRequirement, RejectedItem
from customers.requirements import Requirement, Wanted, requirements_of

if TYPE_CHECKING:
    from customers.models import EnablementRequest

    _Names = ArrayField[Any, Any]
else:
    _Names = ArrayField

READ_FROM_ANSWER = ("wanted_requirements", "wanted_documents", "refused_keys")


class NamesField(_Names):
    """The provider's own names, never a value of a person's.

    They follow the answer whenever it is saved, so name both in `update_fields`. `read` is a function of a module,
    which migrations can name.
    """

    def __init__(self, *args: Any, read: Callable[["EnablementRequest"], list[str]], **kwargs: Any) -> None:
        self.read = read
        fixed: dict[str, Any] = {"base_field": models.TextField(), "default": list, "blank": True, "editable": False}
        super().__init__(*args, **{**fixed, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "read": self.read}

    def pre_save(self, model_instance: models.Model, add: bool) -> list[str]:  # noqa: FBT001 - Django's signature
        names = self.read(model_instance)  # type: ignore[arg-type]
        setattr(model_instance, self.attname, names)
        return names


def wanted_requirements(request: "EnablementRequest") -> list[str]:
    """Return the requirements that keep the request from being submitted."""
    return [each.id for each in _blocking(request)]


def wanted_documents(request: "EnablementRequest") -> list[str]:
    """Return the types of documents of which one would do for such a requirement."""
    documents = [each for each in _blocking(request) if isinstance(each, DocumentRequirement)]
    return list(dict.fromkeys(option.id for each in documents for option in each.valid_documents))


def refused_keys(request: "EnablementRequest") -> list[str]:
    """Return what the provider turned down. A key may be empty: then it did not say."""
    return [RejectedItem.from_json(item).key for item in request.rejected_items]


def _blocking(request: "EnablementRequest") -> list[Requirement]:
    missing = requirements_of(request.missing_requirements)
    return [each for each in missing if Wanted(each, is_missing=True).blocks_submit]
