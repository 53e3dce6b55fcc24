from collections.abc import Callable, Iterator

import pytest

from sandbox.testing import SandboxProcess
from sandbox.tests.making import Provider
from sandbox.tests.receiver import Receiver


@pytest.fixture(scope="session")
def sandbox_process(database_url_for: Callable[[str], str]) -> Iterator[SandboxProcess]:
    with SandboxProcess(database_url_for("sandbox")) as process:
        yield process


@pytest.fixture
def provider(sandbox_process: SandboxProcess) -> Provider:
    """Empty the sandbox and let tests call it as fast as they like."""
    sandbox_process.console("POST", "/console/reset")
    sandbox_process.console("POST", "/console/settings", {"rate_limit": False, "delivery_retry_seconds": 0.01})
    return Provider(sandbox_process)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
