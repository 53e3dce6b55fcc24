"""Countries and identification types, read from the provider and kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cryptomate import NoAnswer
from cryptomate.testing import FakeTransport
from provider import reference
from provider.models import Country

pytestmark = pytest.mark.django_db

PLACE = "/management/clients/individuals"


def country(name: str, alpha3: str, *codes: str) -> dict[str, Any]:
    subdivisions = [{"name": f"{name} {code}", "code": code} for code in codes]
    return {"name": name, "alpha3": alpha3, "postal_code_format": "####", "subdivisions": subdivisions}


def lists(provider: FakeTransport, *countries: dict[str, Any]) -> None:
    provider.reply("GET", f"{PLACE}/countries", {"count": len(countries), "data": list(countries)})
    provider.reply("GET", f"{PLACE}/identifications/*", [{"type": "PASSPORT", "description": "Passport"}])


def test_countries_come_with_their_subdivisions_and_identification_types(provider: FakeTransport) -> None:
    lists(provider, country("Argentina", "ARG", "ARG-B", "ARG-C"))

    reference.refresh(client=provider.client(), now=timezone.now())

    argentina = Country.objects.get()
    assert (argentina.alpha2, argentina.subdivisions.count()) == ("AR", 2)
    assert [each.type for each in argentina.identification_types.all()] == ["PASSPORT"]


def test_a_run_that_broke_off_is_repeated(provider: FakeTransport) -> None:
    now = timezone.now()
    provider.reply("GET", f"{PLACE}/countries", {"count": 1, "data": [country("Argentina", "ARG")]})
    provider.drop("GET", f"{PLACE}/identifications/AR")
    provider.reply("GET", f"{PLACE}/identifications/AR", [])
    with pytest.raises(NoAnswer):
        reference.refresh_if_stale(client=provider.client(), now=now)

    reference.refresh_if_stale(client=provider.client(), now=now)

    assert len(provider.calls_to("GET", f"{PLACE}/countries")) == 2


@pytest.mark.parametrize(("hours", "asked"), [(1, 1), (25, 2)])
def test_what_is_fresh_is_not_asked_for(provider: FakeTransport, hours: int, asked: int) -> None:
    now = timezone.now()
    lists(provider, country("Argentina", "ARG"))

    for moment in (now, now + timedelta(hours=hours)):
        reference.refresh_if_stale(client=provider.client(), now=moment)

    assert len(provider.calls_to("GET", f"{PLACE}/countries")) == asked


def test_odd_rows_of_one_country_do_not_stop_the_others(provider: FakeTransport) -> None:
    odd = country("Utopia", "UTO", "X", "X", "much-too-long-a-code") | {"postal_code_format": "#" * 200}
    lists(provider, odd, country("Argentina", "ARG", "ARG-B"))

    reference.refresh(client=provider.client(), now=timezone.now())

    assert Country.objects.get(alpha3="UTO").subdivisions.count() == 1
    assert Country.objects.get(alpha3="ARG").subdivisions.count() == 1


def test_a_country_no_longer_listed_stays_for_those_who_live_there(provider: FakeTransport) -> None:
    lists(provider, country("Argentina", "ARG"), country("Chile", "CHL"))
    reference.refresh(client=provider.client(), now=timezone.now())
    shorter = FakeTransport()
    lists(shorter, country("Chile", "CHL"))

    reference.refresh(client=shorter.client(), now=timezone.now())

    assert Country.objects.count() == 2
