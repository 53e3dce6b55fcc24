import functools
import gc
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import psycopg
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from audit.door import come_as_portal
from cards import decisions
from cryptomate.testing import FakeTransport
from imaging import child, intake
from portal import migrated
from portal.as_migrated import AsMigrated
from portal.roles import OPEN_DJANGO_ADMIN
from provider import budget, waking
from sandbox.testing import SandboxProcess
from webhooks import afterwards

# The same examples in every run: a failure in CI is a failure here. No deadline: machines differ.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

PBKDF2PasswordHasher.iterations = 1  # slow by design, and nearly every test has somebody sign up

come_as_portal()  # what tests write to set the scene is no act that went round the actions

answer_of_child = functools.lru_cache(maxsize=100)(child.answer)  # the same photo is opened in many tests

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

_list_static_files = WhiteNoiseMiddleware.add_files_from_finders
_static_files: dict[str, Any] = {}


def _list_static_files_once(middleware: WhiteNoiseMiddleware) -> None:
    """Look for them with the first client: each has middleware of its own, and the files stay what they are."""
    if not _static_files:
        _list_static_files(middleware)
        _static_files.update(middleware.files)
    middleware.files.update(_static_files)


WhiteNoiseMiddleware.add_files_from_finders = _list_static_files_once


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the collector of cycles from looking again and again through a million objects that stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"A test reached for {address[0]}: tests stay on the loopback address.")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, settings: Any) -> None:
    """Let no test but those with real processes leave messages for a worker, or count in the broker's Redis."""
    if request.node.get_closest_marker("processes") is None:
        settings.CELERY_BROKER_URL = "folder://"
        budget._mine.turn = None  # which the test before may have left, of its own Redis
        monkeypatch.setattr("celery.app.base.Celery.send_task", lambda *_args, **_options: None)
        monkeypatch.setattr(waking.postman, "take", waking.carry)  # at once, not by a thread that outlives the test


@pytest.fixture(autouse=True)
def _documents_in_a_folder_of_the_test(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    # `tmp_path` reads the names of all folders that there are before it makes another one.
    settings.VAR_DIR = tmp_path_factory.getbasetemp() / f"var-{next(_folders)}"
    settings.VAR_DIR.mkdir()
    settings.DOCUMENT_STORAGE = str(settings.VAR_DIR / "documents")


_folders = itertools.count()


@pytest.fixture(autouse=True)
def _images_are_opened_in_this_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Start no process for each image, unless the test asks for the one that production uses."""
    if "process_per_image" not in request.fixturenames:
        monkeypatch.setattr(intake, "_ask_child", answer_of_child)


@pytest.fixture
def process_per_image() -> None:
    """Have images opened as production does, each by a process of its own with limits."""


@pytest.fixture(autouse=True)
def _decisions_see_what_the_test_wrote(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Decide over the test's own connection, unless the test asks for the one that production uses.

    What is written after the answer is written at once, and not by another thread.
    """
    afterwards.kept.clear()
    monkeypatch.setattr(afterwards, "hand_over", afterwards.write_kept)
    if "decisions_connection" not in request.fixturenames:
        monkeypatch.setattr(decisions, "DATABASE", "default")
        monkeypatch.setattr(decisions.outage, "alias", "default")


@pytest.fixture(scope="session")
def migrated_database() -> str:
    """The name of a database to clone, with every migration applied."""
    server, _, name = os.environ["DATABASE_URL"].rpartition("/")
    return migrated.template(server, f"test_{name}_template")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, migrated_database: str) -> None:
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = migrated_database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have a test that commits leave what the migrations wrote, as one that rolls back does."""
    with django_db_blocker.unblock():
        as_migrated = AsMigrated(connections["default"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: as_migrated.restore())
        yield


@pytest.fixture(scope="session")
def database_url_for(migrated_database: str) -> Callable[..., str]:
    """Return a function that makes a fresh database on this run's PostgreSQL, unique to the xdist worker.

    It is empty, unless `is_migrated` says that the portal is to find its tables there.
    """
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")

    def fresh_database(name: str, *, is_migrated: bool = False) -> str:
        database = f"test_{name}_{worker}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        migrated.clone(server, database, template=migrated_database if is_migrated else "template1")
        return f"{server}/{database}"

    return fresh_database


@pytest.fixture(scope="session")
def sandbox_process(database_url_for: Callable[..., str]) -> Iterator[SandboxProcess]:
    """The provider's stand-in, as it was left. Tests that use it are of the group `sandbox`: one is enough."""
    with SandboxProcess(database_url_for("sandbox")) as process:
        yield process


@pytest.fixture
def empty_sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The provider's stand-in with its own settings and no data."""
    sandbox_process.console("POST", "/console/reset")
    return sandbox_process


def person(name: str, role: str) -> User:
    is_staff = role in OPEN_DJANGO_ADMIN
    user = User.objects.create_user(name, email=f"{name}@example.com", password="demo", is_staff=is_staff)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def officer(db: None) -> User:
    return person("officer", "Officer")


@pytest.fixture
def support(db: None) -> User:
    return person("support", "Support")


@pytest.fixture
def senior(db: None) -> User:
    return person("senior", "Senior officer")


@pytest.fixture
def auditor(db: None) -> User:
    return person("auditor", "Auditor")


@pytest.fixture
def admin_person(db: None) -> User:
    return person("admin", "Admin")


@pytest.fixture
def provider() -> FakeTransport:
    """The network below the client: set what the provider answers, then read what it was asked."""
    return FakeTransport()
