"""Brings about the rows of `fault_table.py` and reads, for each, the call, the provider and the officer's page."""

import html
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.test import Client as Browser
from django.utils import timezone

from cards.tests.making import make_card
from cryptomate import Client
from cryptomate.tests.test_against_sandbox import image
from customers import following
from customers.display import SHOWN_AFTER
from customers.models import Customer, EnablementRequest
from customers.remote import client_payload
from customers.statuses import Source
from customers.tests.making import make_customer
from customers.tests.pictures import photo
from customers.tests.typed import CARDS_TYPED, typed
from portal.celery import app
from portal.testing import ROOT, Stack, answers, eventually, free_port
from portal.tests import fault_table
from portal.tests.fault_table import ACTIONS, Action, Row
from portal.tests.registering import call_state, register
from portal.tests.visitor import FINANCES, Visitor
from provider import budget, tasks, waking
from provider.client import hear
from provider.families import FAMILIES
from provider.models import Circuit, Country, ProviderCall, Turn
from sandbox.testing import API_KEY, SandboxProcess

pytestmark = pytest.mark.processes

one_sandbox, one_stack = (pytest.mark.xdist_group(name) for name in ("sandbox", "workers"))

TITLES = {family.title for family in FAMILIES.values()} | {"CryptoMate is not answering"}
ACTED = ("", "slow", "half_body", "drop_after", "hang_after")  # faults in spite of which the sandbox acts


def each(rows: list[Row]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row.fault}: {row.action}")


# --- The provider, a worker, an officer


@pytest.fixture
def sandbox(empty_sandbox: SandboxProcess, settings: Any) -> SandboxProcess:
    """The provider, which does not recognise a call that is repeated: it is ours not to repeat one that acted."""
    empty_sandbox.console("POST", "/console/settings", {"rate_limit": False, "idempotency": False})
    settings.CRYPTOMATE_API_URL = empty_sandbox.url
    return empty_sandbox


@pytest.fixture
def officer(senior: User) -> User:
    """Somebody who may do all of it."""
    return senior


@pytest.fixture(autouse=True)
def worker_here(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Have messages wait for `work` instead of a broker, and calls counted in PostgreSQL."""
    messages.clear()
    settings.CELERY_BROKER_URL = "folder://"
    monkeypatch.setattr(budget._mine, "turn", None, raising=False)  # which the test before may have left
    monkeypatch.setattr(tasks, "provider_client", fresh_client)
    monkeypatch.setattr(waking.postman, "take", waking.carry)
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task",
        lambda _self, name, args=(), kwargs=None, **_: messages.append((name, kwargs or {})),
    )


messages: list[tuple[str, dict[str, Any]]] = []


def fresh_client(*, patience: float = 15.0) -> Client:
    """Return a client of its own for each task: a forked worker must not share a connection with this process."""
    return Client(url=django_settings.CRYPTOMATE_API_URL, api_key=API_KEY, observe=hear, timeout=(3.05, patience))


def work() -> None:
    """Do what a worker does: sweep for calls that are due, and carry out every message about one."""
    tasks.sweep_calls()
    while messages:
        name, kwargs = messages.pop(0)
        if name.startswith("provider."):
            app.tasks[name](**kwargs)


@contextmanager
def workers(*jobs: Callable[[], object]) -> Iterator[list[int]]:
    """Have processes of their own do the jobs, and kill those that are still at it in the end."""
    connections.close_all()  # a connection that two processes share serves neither
    started = [process(job) for job in jobs]
    try:
        yield started
    finally:
        for worker in started:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)


def process(job: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        job()
    finally:
        os._exit(0)


def at_once(*acts: Callable[[], object]) -> None:
    """Have them all done in the same moment, each by a thread with a connection of its own."""
    together = Barrier(len(acts))

    def alone(act: Callable[[], object]) -> None:
        try:
            together.wait(10)
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(alone, acts))


def break_(sandbox: SandboxProcess, method: str, path: str, **how: Any) -> None:
    sandbox.console("POST", "/console/faults", {"method": method, "path": path, "times": 1, **how})


def has_arrived(sandbox: SandboxProcess) -> bool:
    """Answer whether every fault has met its call."""
    return not any(fault["times"] for fault in sandbox.console("GET", "/console/faults"))


@pytest.fixture
def places(db: None) -> None:
    """The one country of the forms."""
    country = Country.objects.create(alpha3="ARG", alpha2="AR", name="Argentina", refreshed_at=timezone.now())
    country.subdivisions.create(code="ARG-B", name="Buenos Aires")
    country.identification_types.create(type="PASSPORT", description="Passport")


def calls_at(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = sandbox.console("GET", "/console/calls")
    return calls[::-1]


@dataclass(frozen=True)
class Click:
    """What an officer sends, and the page that tells how it goes."""

    action: Action
    customer: str
    page: str
    address: str
    fields: Callable[[], dict[str, Any]]
    since: int = 0  # calls that the provider had before

    def by(self, person: User) -> None:
        browser = Browser()
        browser.force_login(person)
        browser.post(self.address, self.fields())

    def read_by(self, person: User) -> str:
        browser = Browser()
        browser.force_login(person)
        return browser.get(self.page).content.decode()

    @property
    def call(self) -> ProviderCall:
        return ProviderCall.objects.get(kind=self.action.kind, customer_id=self.customer)

    def made(self, sandbox: SandboxProcess) -> list[str]:
        """List the calls with which the provider did what was asked for."""
        path = re.compile(self.action.path.replace("*", "[^/]+"))
        return [
            call["path"]
            for call in calls_at(sandbox)[self.since :]
            if call["method"] == self.action.method
            and path.fullmatch(call["path"])
            and call["status"] < 300
            and call["fault"] in ACTED
        ]


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def says(page: str, sentence: str) -> bool:
    return all(part in text_of(page) for part in re.split(r"\s*[·…]\s*", sentence))


def clicks_for(names: Iterable[str], sandbox: SandboxProcess) -> list[Click]:
    """Bring a customer for each, here and there, to where the action is next."""
    clicks = [click_for(name, sandbox) for name in names]
    return [replace(click, since=len(calls_at(sandbox))) for click in clicks]


def click_for(name: str, sandbox: SandboxProcess) -> Click:
    action = ACTIONS[name]
    if name == "create client":
        fields = typed(email=f"{uuid4().hex}@example.com", **dict.fromkeys(CARDS_TYPED))
        return Click(action, fields["id"], f"/customers/{fields['id']}/", "/customers/new/", lambda: fields)
    customer = customer_before(name, sandbox)
    page = f"/customers/{customer.pk}/"
    if name in ("freeze", "delete card"):
        page = f"/cards/{customer.cards.get().pk}/"
    return Click(action, str(customer.pk), page, *{
        "request product": (f"{page}edit/", lambda: typed(id=None, email=customer.email)),
        "upload": (
            f"{page}documents/identity_document/",
            lambda: {"document_type": "passport", "metadata_number": "P1", "front_image": photo()},
        ),
        "submit": (f"{page}submit/", dict),
        "issue card": (
            f"{page}cards/issue/",
            lambda: {"holder_name": "MARIA BARBER", "approval_method": "TOPUP", "form_id": str(uuid4())},
        ),
        "freeze": (f"{page}freeze/", dict),
        "delete card": (f"{page}delete/", dict),
    }[name])  # fmt: skip


def customer_before(name: str, sandbox: SandboxProcess) -> Customer:
    """Take a customer to this action by the shortest way at the provider, and follow it here."""
    provider = Client(url=sandbox.url, api_key=API_KEY)
    customer = make_customer(
        api_id=None, email=f"{uuid4().hex}@example.com", phone_country_code=54, phone_number=1168860622
    )
    client = provider.create_client(payload=client_payload(customer), idempotency_key="")
    customer.api_id = client.id
    customer.save(update_fields=["api_id"])
    passed = list(ACTIONS).index(name)
    if passed > 1:
        request = provider.request_product(client.id, idempotency_key="")
    if passed > 2:
        provider.upload_document(
            client.id, request.id, document_type="passport", image_front=image(), metadata={"number": "P1"}
        )
    if passed > 3:
        provider.submit_request(client.id, request.id)
        sandbox.console("POST", f"/console/requests/{request.id}/approve")
    if passed > 4:
        card = provider.create_card(
            client_id=client.id, card_holder_name="Maria Barber", approval_method="TOPUP", idempotency_key=""
        )
        make_card(customer=customer, api_id=card.id, last4=card.last4)
    with transaction.atomic():
        following.follow_client(customer, provider.get_client(client.id))
        for remote in provider.list_products(client.id):
            following.follow_request(customer, remote, occasion=following.Occasion.REQUEST, source=Source.SYNC)
        following.follow_customer(customer, source=Source.SYNC)
    return customer


def let_time_pass() -> None:
    """Let three days go by: leases, waits, blocks, probes and turns are all over."""
    then = timezone.now() - timedelta(days=3)
    ProviderCall.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=then, wanted_at=then)
    Circuit.objects.update(blocked_until=None, probe_at=then)
    Turn.objects.update(free_at=then)


def assert_meanwhile(click: Click, row: Row, sandbox: SandboxProcess, officer: User) -> None:
    """The traffic of a call whose caller died is counted a moment later."""
    eventually(lambda: len(click.made(sandbox)) >= row.acted, within=5)
    assert (str(click.call.state), len(click.made(sandbox))) == (row.state, row.acted)
    assert says(click.read_by(officer), row.reads)


def ends_well(click: Click, sandbox: SandboxProcess, officer: User) -> None:
    """Say how every row ends."""
    assert (click.call.state, len(click.made(sandbox))) == ("DONE", 1)
    page = click.read_by(officer)
    assert says(page, click.action.done), re.sub(r"(<[^>]*>|\s)+", " ", page)
    assert not [title for title in TITLES if says(page, title)]


# --- The rows


@one_sandbox
@each(fault_table.ANSWERS)
@pytest.mark.django_db
def test_an_answer_that_is_none(
    row: Row, sandbox: SandboxProcess, officer: User, places: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (click,) = clicks_for([row.action], sandbox)
    if row.how.get("kind") == "hang":
        monkeypatch.setattr(tasks, "provider_client", partial(fresh_client, patience=0.5))
    if row.how:
        break_(sandbox, click.action.method, click.action.path, **row.how)
    else:
        settings.CRYPTOMATE_API_URL = f"http://127.0.0.1:{free_port()}"

    click.by(officer)
    work()
    work()

    assert click.call.attempts == 1  # nobody asks again before it is time
    assert_meanwhile(click, row, sandbox, officer)

    settings.CRYPTOMATE_API_URL = sandbox.url
    for _ in range(2):  # first a probe, where nothing may be called
        let_time_pass()
        work()
    ends_well(click, sandbox, officer)


@one_sandbox
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies(sandbox: SandboxProcess, officer: User, places: None) -> None:
    """In each action one, while it waits for the answer, and one that looks up what became of it."""
    ahead, _ = fault_table.CLOCKS
    clicks = clicks_for(ACTIONS, sandbox)
    for click, row in zip(clicks, fault_table.KILLS, strict=True):
        break_(sandbox, click.action.method, click.action.path, **row.how)
        click.by(officer)

    with workers(*(partial(tasks.carry_out, call_id=str(click.call.pk)) for click in clicks)):
        eventually(lambda: has_arrived(sandbox))
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        work()  # their leases stand, whatever the clock of this worker says
    ProviderCall.objects.update(wanted_at=timezone.now() - SHOWN_AFTER)
    for click, row in [*zip(clicks, fault_table.KILLS, strict=True), (clicks[0], ahead)]:
        assert_meanwhile(click, row, sandbox, officer)

    let_time_pass()
    break_(sandbox, "GET", "/**", kind="hang", seconds=60, times=len(clicks))
    with workers(*(partial(tasks.carry_out, call_id=str(click.call.pk)) for click in clicks)):
        eventually(lambda: has_arrived(sandbox))
    let_time_pass()
    work()
    for click in clicks:
        ends_well(click, sandbox, officer)


@one_sandbox
@pytest.mark.django_db(transaction=True)
def test_two_officers_and_two_workers_at_once(
    sandbox: SandboxProcess, officer: User, admin_person: User, places: None
) -> None:
    clicks = clicks_for(ACTIONS, sandbox)
    at_once(*(partial(click.by, person) for click in clicks for person in (officer, admin_person)))

    with workers(work, work) as started:
        for worker in started:
            os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
    let_time_pass()
    work()
    for request in EnablementRequest.objects.due_for_sync(now=timezone.now()):
        following.sync_request(request, client=fresh_client())  # where one worker saved what another asked about

    for click in clicks:
        ends_well(click, sandbox, officer)


@one_sandbox
@pytest.mark.django_db
def test_a_clock_that_was_put_back(sandbox: SandboxProcess, officer: User, places: None) -> None:
    _, row = fault_table.CLOCKS
    (click,) = clicks_for([row.action], sandbox)
    click.by(officer)
    ProviderCall.objects.update(next_attempt_at=timezone.now() + timedelta(days=1))

    assert_meanwhile(click, row, sandbox, officer)

    work()
    ends_well(click, sandbox, officer)


@pytest.fixture
def whole_stack(stack: Stack) -> Iterator[Stack]:
    """The stack, which is whole again for whoever comes next."""
    yield stack
    stack.console("DELETE", "faults")
    for name in stack.commands:
        if name not in stack.running:
            stack.run(name)


@one_stack
def test_processes_missing_and_one_too_many(whole_stack: Stack) -> None:
    """The whole portal, as it runs in production: its own timeouts, its own messages."""
    stack, (*waiting, slow) = whole_stack, fault_table.PROCESSES
    with a_second("beat", stack), a_second("web", stack, broker=f"redis://127.0.0.1:{free_port()}/0") as without_broker:
        stack.stop("worker")
        officer, elsewhere = (Visitor(url, name="officer") for url in (stack.url, without_broker))
        pages = [
            (row, register(elsewhere if "broker" in row.fault else officer, f"{uuid4().hex}@example.com"))
            for row in waiting
        ]
        for row, page in pages:
            assert_on_the_stack(row, page, stack, officer)

        stack.console("POST", "faults", {"method": "POST", "path": ACTIONS[slow.action].path, "times": 1, **slow.how})
        stack.run("worker")
        late = register(officer, f"{uuid4().hex}@example.com", **FINANCES, is_another_person="on")
        eventually(partial(reads, officer, late, slow.reads))
        assert_on_the_stack(slow, late, stack, officer)
        for row, page in [*pages, (slow, late)]:
            eventually(partial(reads, officer, page, ACTIONS[row.action].done))
            assert_on_the_stack(row._replace(state="DONE", acted=1, reads=""), page, stack, officer)


@contextmanager
def a_second(name: str, stack: Stack, *, broker: str | None = None) -> Iterator[str]:
    """Run another process of this kind beside the stack's own; returns its address, where it has one."""
    port = free_port()
    command = [f"--bind=127.0.0.1:{port}" if word.startswith("--bind") else word for word in stack.commands[name]]
    env = stack.env if broker is None else {**stack.env, "CELERY_BROKER_URL": broker}
    with (stack.folder / f"second-{name}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        if name == "web":
            eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(10)


def assert_on_the_stack(row: Row, page: str, stack: Stack, officer: Visitor) -> None:
    """Compare with the row; the provider tells what it did by what it holds."""
    (customer,) = stack.rows("SELECT email FROM customers_customer WHERE id = %s", page.split("/")[2])
    held = [client for client in stack.console("GET", "state")["clients"] if client["email"] == customer[0]]
    done = held if row.action == "create client" else held[0]["requests"]
    assert (call_state(stack, page, ACTIONS[row.action].kind), len(done)) == (row.state, row.acted)
    assert reads(officer, page, row.reads)


def reads(officer: Visitor, page: str, sentence: str) -> bool:
    return says(officer.see(page), sentence)


def test_the_manual_shows_the_rows() -> None:
    assert (ROOT / "docs" / "faults.md").read_text() == fault_table.document()
