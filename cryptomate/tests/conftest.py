import pytest

from cryptomate import Client
from cryptomate.testing import FakeTransport


@pytest.fixture
def provider() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def client(provider: FakeTransport) -> Client:
    return provider.client()
