"""Makes somebody who searches, and reads what PostgreSQL is asked for them and how it goes about it; prints it as JSON.

A program, so that it works in the database its environment names. What to search for comes as JSON on stdin.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cards.models import Card, Transaction
from customers.models import Customer, EnablementRequest
from customers.paging import PAGE_SIZE, Place
from customers.statuses import RequestStatus
from desk.asked import Unclear
from desk.cases import Case
from desk.search import find
from desk.statuses import WaitsFor
from portal.benches._population import customer_key
from portal.benches._processes import ROOT

SHOWN = 6
CASES = 10_000  # in the queue
LISTS: dict[str, tuple[type[Model], str]] = {
    "customers:list": (Customer, "created_at"),
    "cards:list": (Card, "issued_at"),
    "cards:transactions": (Transaction, "first_at"),
}
HOST = {"host": "127.0.0.1"}


def searcher(env: Mapping[str, str], texts: list[str]) -> dict[str, Any]:
    """Return the cookie of a signed-in officer, the plans of these searches, and the pages with their statements."""
    command = [sys.executable, "-m", "portal.benches._searches"]
    said = subprocess.run(  # noqa: S603 - ourselves
        command, cwd=ROOT, env=env, input=json.dumps(texts).encode(), stdout=subprocess.PIPE, check=True
    )
    made: dict[str, Any] = json.loads(said.stdout)
    return made


def main() -> None:
    officer, _ = User.objects.get_or_create(username="bench officer")
    officer.groups.add(Group.objects.get(name="Officer"))
    browser = Client(headers=HOST)
    browser.force_login(officer)
    cookie = settings.SESSION_COOKIE_NAME
    _fill_queue()
    made = {
        "cookie": f"{cookie}={browser.cookies[cookie].value}",
        "scans": [text for text in json.load(sys.stdin) if any("Seq Scan" in line for line in plans(text, officer))],
        "pages": [_page(browser, path) for path in _paths()],
    }
    json.dump(made, sys.stdout)


def plans(text: str, by: User) -> list[str]:
    """Return how PostgreSQL goes about each statement of a search, line by line."""
    lines: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith("SELECT") and "set_config" not in sql and "auth_" not in sql:
            with context["connection"].connection.cursor() as cursor:
                lines.extend(line for (line,) in cursor.execute(f"EXPLAIN {sql}", params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained), contextlib.suppress(Unclear):
        find(text, by=by, most=SHOWN)
    return lines


def _fill_queue() -> None:
    """Put cases into the queue, once: half wait for us, half for the provider, each since another minute."""
    if Case.objects.exists():
        return
    now = timezone.now()
    review = {"status": RequestStatus.IN_KYC, "submitted_at": now}
    ours = {"status": RequestStatus.PENDING_DOCUMENTATION}
    rows = (
        EnablementRequest(
            customer_id=customer_key(number), api_id=f"req_{number}", created_at=now - timedelta(minutes=number),
            **(review if number % 2 else ours),
        )
        for number in range(min(CASES, Customer.objects.count()))
    )  # fmt: skip
    EnablementRequest.objects.bulk_create(rows, batch_size=1000)


def _paths() -> Iterator[str]:
    """Return the queue, and of it and of each list the first page and one from its middle."""
    yield reverse("desk:queue")
    ours = Case.objects.waiting_for(WaitsFor.US).oldest_first()
    half = ours[ours.count() // 2]
    yield reverse("desk:queue", query={"waits": "us"})
    yield reverse("desk:queue", query={"waits": "us", "newer": str(Place(half.since, half.pk))})
    for name, (model, by) in LISTS.items():
        rows = model._default_manager.order_by(f"-{by}", "-pk")
        middle = rows[rows.count() // 2 :].first()
        assert middle is not None  # noqa: S101 - the database was filled
        yield reverse(name)
        yield reverse(name, query={"older": str(Place(getattr(middle, by), middle.pk))})


def _page(browser: Client, path: str) -> dict[str, Any]:
    browser.get(path, secure=True)  # what is only loaded once per process is loaded now
    with CaptureQueriesContext(connection) as said:
        answer = browser.get(path, secure=True)
    assert answer.status_code == 200, path  # noqa: S101 - a page that is refused measures nothing
    skips = [each["sql"] for each in said if "OFFSET" in each["sql"]]
    return {"path": path, "statements": len(said), "by_key": not skips, "rows": PAGE_SIZE}


if __name__ == "__main__":
    main()
