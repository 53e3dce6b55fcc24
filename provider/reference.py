"""Countries, their subdivisions and identification types, kept as rows so that a form never waits for the provider."""

from datetime import UTC, datetime, timedelta

import pycountry
from django.db import transaction

from cryptomate import Client
from cryptomate import Country as RemoteCountry
from cryptomate import IdentificationType as RemoteIdentificationType
from provider import budget
from provider.models import Country, IdentificationType, Subdivision

STALE_AFTER = timedelta(days=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_CODE = 12  # characters of a subdivision's code; a longer one cannot be an address's state


def refresh_if_stale(*, client: Client, now: datetime) -> None:
    if not Country.objects.filter(refreshed_at__gt=now - STALE_AFTER).exists():
        refresh(client=client, now=now)


def refresh(*, client: Client, now: datetime) -> None:
    """Read everything anew. Countries the provider no longer lists stay, because customers may live there.

    The rows count as fresh only when all have been read, so that a run that broke off is repeated.
    """
    budget.take(background=True)
    listed = client.list_countries()
    for remote in listed:
        country = _store_country(remote)
        if country.alpha2:
            budget.take(background=True)
            _store_identification_types(country, client.list_identifications(country.alpha2))
    Country.objects.filter(alpha3__in=[remote.alpha3 for remote in listed]).update(refreshed_at=now)


@transaction.atomic
def _store_country(remote: RemoteCountry) -> Country:
    known = pycountry.countries.get(alpha_3=remote.alpha3)
    shown = {
        "name": remote.name[:120],
        "alpha2": known.alpha_2 if known else "",
        "postal_code_format": (remote.postal_code_format or "")[:60],
    }
    country, _ = Country.objects.update_or_create(
        alpha3=remote.alpha3[:3],
        defaults=shown,
        create_defaults={**shown, "refreshed_at": NEVER},
    )
    names = {each.code: each.name[:120] for each in remote.subdivisions if len(each.code) <= LONGEST_CODE}
    Subdivision.objects.bulk_create(
        [Subdivision(country=country, code=code, name=name) for code, name in names.items()],
        update_conflicts=True,
        unique_fields=["country", "code"],
        update_fields=["name"],
    )
    return country


@transaction.atomic
def _store_identification_types(country: Country, found: list[RemoteIdentificationType]) -> None:
    descriptions = {each.type[:60]: each.description[:200] for each in found}
    IdentificationType.objects.bulk_create(
        [IdentificationType(country=country, type=type_, description=text) for type_, text in descriptions.items()],
        update_conflicts=True,
        unique_fields=["country", "type"],
        update_fields=["description"],
    )
