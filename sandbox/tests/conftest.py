from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.testing import SandboxProcess
from sandbox.tests.making import Provider
from sandbox.tests.receiver import Receiver

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group("sandbox"))


@pytest.fixture
def provider(empty_sandbox: SandboxProcess) -> Provider:
    """Let tests call it as fast as they like."""
    empty_sandbox.console("POST", "/console/settings", {"rate_limit": False, "delivery_retry_seconds": 0.01})
    return Provider(empty_sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
