from collections.abc import Callable, Iterator

import pytest

from portal.testing import Stack


@pytest.fixture(scope="session")
def stack(database_url_for: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole portal, started once: sandbox, web server, worker and beat.

    Two groups of tests use it, so that two test processes can: `workers` stop and start what runs, `stack` looks at it.
    """
    stack = Stack(
        tmp_path_factory.mktemp("stack"),
        database_url=database_url_for("stack", is_migrated=True),
        sandbox_database_url=database_url_for("stack_sandbox"),
        is_migrated=True,
    )
    try:
        stack.start()
        # Tests call the provider beside the portal, and would use up what it may call in a second.
        stack.console("POST", "settings", {"rate_limit": False})
        yield stack
    finally:
        stack.stop_all()
    assert stack.leaks() == []  # after all tests that drove it
