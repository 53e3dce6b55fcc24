"""What the forms offer for country, state and ID type: the provider's lists, as kept in our rows."""

from collections.abc import Iterable
from itertools import cycle

from provider.models import Country, IdentificationType, Subdivision

Choice = tuple[str, str]
Choices = list[Choice | tuple[str, list[Choice]]]

NOTHING_CHOSEN: Choice = ("", "Choose…")


def countries() -> Choices:
    return [NOTHING_CHOSEN, *Country.objects.values_list("alpha3", "name")]


def states(country: str) -> Choices:
    """Return the country's states, or every country's in groups while none is chosen: that works without a script."""
    if country:
        return [NOTHING_CHOSEN, *Subdivision.objects.filter(country=country).values_list("code", "name")]
    rows = Subdivision.objects.order_by("country__name", "name").values_list("country__name", "code", "name")
    return [NOTHING_CHOSEN, *_grouped(rows)]


def id_types(country: str) -> Choices:
    """Return the country's ID types. A country that lists none takes any type that another one lists."""
    own = list(IdentificationType.objects.filter(country=country).values_list("type", "description"))
    if own:
        return [NOTHING_CHOSEN, *own]
    rows = IdentificationType.objects.order_by("country__name", "description")
    return [NOTHING_CHOSEN, *_grouped(rows.values_list("country__name", "type", "description"))]


def postal_code_hint(country: str) -> str:
    """Say how postal codes look there. A hint only: the provider's formats are not complete enough to refuse by."""
    found = Country.objects.filter(alpha3=country).exclude(postal_code_format="").first()
    if found is None:
        return "As it stands on letters to this address."
    return f"{found.name} writes it like {_example(found.postal_code_format)}."


def _example(pattern: str) -> str:
    """Fill a pattern such as `@@## #@@`: digits count up, letters run on."""
    digits, letters = cycle("1234567890"), cycle("ABCDEFGH")
    return "".join(next(digits) if mark == "#" else next(letters) if mark == "@" else mark for mark in pattern)


def country_name(code: str) -> str:
    found = Country.objects.filter(alpha3=code).first()
    return found.name if found else code


def state_name(country: str, code: str) -> str:
    found = Subdivision.objects.filter(country=country, code=code).first()
    return found.name if found else code


def id_type_name(country: str, code: str) -> str:
    found = IdentificationType.objects.filter(country=country, type=code).first()
    return found.description if found else code


def _grouped(rows: Iterable[tuple[str, str, str]]) -> Choices:
    groups: dict[str, list[Choice]] = {}
    for country, code, name in rows:
        groups.setdefault(country, []).append((code, name))
    return list(groups.items())
