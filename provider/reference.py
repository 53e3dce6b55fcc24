"""Countries, their subdivisions and identification types, kept as rows so that a form never waits for the provider."""

from datetime import datetime, timedelta

import pycountry
from django.db import transaction

from cryptomate import Client
from cryptomate import Country as RemoteCountry
from cryptomate import IdentificationType as RemoteIdentificationType
from provider import budget
from provider.models import Country, IdentificationType, Subdivision

STALE_AFTER = timedelta(days=1)


def refresh_if_stale(*, client: Client, now: datetime) -> None:
    if not Country.objects.filter(refreshed_at__gt=now - STALE_AFTER).exists():
        refresh(client=client, now=now)


def refresh(*, client: Client, now: datetime) -> None:
    """Read everything anew. Countries the provider no longer lists stay, because customers may live there."""
    budget.take(background=True)
    for remote in client.list_countries():
        country = _store_country(remote, now=now)
        if country.alpha2:
            budget.take(background=True)
            _store_identification_types(country, client.list_identifications(country.alpha2))


@transaction.atomic
def _store_country(remote: RemoteCountry, *, now: datetime) -> Country:
    known = pycountry.countries.get(alpha_3=remote.alpha3)
    country, _ = Country.objects.update_or_create(
        alpha3=remote.alpha3,
        defaults={
            "name": remote.name,
            "alpha2": known.alpha_2 if known else "",
            "postal_code_format": remote.postal_code_format or "",
            "refreshed_at": now,
        },
    )
    Subdivision.objects.bulk_create(
        [Subdivision(country=country, code=each.code, name=each.name) for each in remote.subdivisions],
        update_conflicts=True,
        unique_fields=["country", "code"],
        update_fields=["name"],
    )
    return country


@transaction.atomic
def _store_identification_types(country: Country, found: list[RemoteIdentificationType]) -> None:
    IdentificationType.objects.bulk_create(
        [IdentificationType(country=country, type=each.type, description=each.description) for each in found],
        update_conflicts=True,
        unique_fields=["country", "type"],
        update_fields=["description"],
    )
