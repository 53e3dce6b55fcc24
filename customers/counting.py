"""What the provider's answers leave for admins to look into: kinds of value that are new, reasons nobody wrote up."""

from collections.abc import Iterable

from django.db.models import F
from django.utils import timezone

from cryptomate import DataRequirement, MissingRequirements, RequirementField
from customers.columns import is_new_kind
from customers.naming import name_of_field
from customers.new_kinds import LONGEST_EXAMPLE, LONGEST_WORD, NewKind
from customers.requirements import Requirement


def count_new_kinds(missing: MissingRequirements, *, before: MissingRequirements) -> None:
    """Count the new kinds that are asked for and were not before, always in the same order: two answers may meet."""
    known = {(place, wanted.key) for place, wanted in _fields(before)}
    for place, wanted in sorted(_fields(missing), key=lambda found: found[1].data_type):
        if is_new_kind(wanted) and (place, wanted.key) not in known:
            _count(wanted.data_type[:LONGEST_WORD], f"{place}: {name_of_field(wanted)}"[:LONGEST_EXAMPLE])


def _fields(missing: MissingRequirements) -> Iterable[tuple[str, RequirementField]]:
    """Return each value asked for, with the name of what it belongs to."""
    requirements: list[Requirement] = [*missing.data, *missing.documents]
    for requirement in requirements:
        if isinstance(requirement, DataRequirement):
            yield from ((requirement.name, wanted) for wanted in requirement.fields)
        else:
            yield from ((option.name, wanted) for option in requirement.valid_documents for wanted in option.metadata)


def _count(word: str, example: str) -> None:
    kind, _ = NewKind.objects.get_or_create(word=word, defaults={"example": example})
    NewKind.objects.filter(pk=kind.pk).update(times=F("times") + 1, last_seen_at=timezone.now(), example=example)
