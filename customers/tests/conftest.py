import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from provider.models import Country, IdentificationType, Subdivision


@pytest.fixture
def places(db: None) -> None:
    """Two countries with a state code in common, and one that lists neither states nor ID types."""
    now = timezone.now()
    argentina = Country.objects.create(
        alpha3="ARG", alpha2="AR", name="Argentina", postal_code_format="####", refreshed_at=now
    )
    brazil = Country.objects.create(
        alpha3="BRA", alpha2="BR", name="Brazil", postal_code_format="#####-###", refreshed_at=now
    )
    Country.objects.create(alpha3="SGP", alpha2="SG", name="Singapore", refreshed_at=now)
    for country, code, name in [
        (argentina, "ARG-B", "Buenos Aires"), (argentina, "ARG-X", "Córdoba"), (brazil, "BRA-SP", "São Paulo"),
    ]:  # fmt: skip
        Subdivision.objects.create(country=country, code=code, name=name)
    for country, kind, description in [
        (argentina, "PASSPORT", "Passport"), (argentina, "DNI", "National Identity Document"),
        (brazil, "CPF", "Individual Taxpayer Registry"),
    ]:  # fmt: skip
        IdentificationType.objects.create(country=country, type=kind, description=description)


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def as_support(client: Client, support: User) -> Client:
    client.force_login(support)
    return client
