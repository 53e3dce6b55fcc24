"""Measure the search box and the lists with 1,000,000 customers: each keystroke, by index, with so many statements."""

import argparse
import random
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import Any

from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from portal.benches import generate
from portal.benches._population import card_key, card_row, customer_key, customer_row
from portal.benches._postgres import Server
from portal.benches._processes import PATIENCE, Processes, manage, portal_env, start_portal
from portal.benches._report import Report, describe_machine, percentile
from portal.benches._searches import searcher

PEOPLE = 25  # searched for, each by every kind
AGAIN = 20  # times each page is opened
TYPING, WITH_A_SLIP, PAGE = 100, 500, 500  # milliseconds, 95 of 100
TOKEN = "b" * 32  # of the form; any that is the same in the cookie
MIDDLE = re.compile("[?&](?:older|newer)=")  # what names a place in a list
FIRST = 2  # characters after which it is worth asking


@dataclass(frozen=True)
class Kind:
    """A way to search for somebody: what is typed in the end, and what has to be listed then."""

    name: str
    most: float | None
    of: Callable[[int], tuple[str, str]]


def main() -> None:
    asked = _parser().parse_args()
    server, report = Server(), Report()
    describe_machine(server.describe())
    database = generate.ready(server, cards=asked.customers, events=asked.customers * 5)
    env = portal_env(database)
    manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    numbers = random.Random(7).sample(range(asked.customers), min(asked.people, asked.customers))  # noqa: S311
    texts = [typed for kind in KINDS for number in numbers[:3] for typed in _keystrokes(kind.of(number)[0])]
    made = searcher(env, texts)
    with Processes() as processes:
        desk = Desk(start_portal(processes, env), made["cookie"])
        for _ in range(8):
            desk.open("/search/", "nobody")  # what is only loaded once per process is loaded now
        report.title(f"Typing into the search box, {asked.customers:,} customers, one person at a time")
        for kind in KINDS:
            _typing(desk, kind, numbers, report)
        report.figure("searches that read a whole table", str(len(made["scans"])), against=f"none of {len(texts):,}",
                      met=not made["scans"])  # fmt: skip
        report.title("The queue and the lists, from their beginning and their middle")
        _pages(desk, made["pages"], report)
    report.end()


@dataclass(frozen=True)
class Desk:
    """Somebody with a browser."""

    address: str
    cookie: str

    def open(self, path: str, typed: str = "") -> tuple[float, str]:
        """Return the milliseconds until the whole answer is there, and it. Raises HTTPError where it is a refusal."""
        headers = {
            "Cookie": f"{self.cookie}; {settings.CSRF_COOKIE_NAME}={TOKEN}", "X-CSRFToken": TOKEN,
            "X-Forwarded-Proto": "https", "Referer": "https://portal.example.com/",
            **({"HX-Request": "true", "Content-Type": MULTIPART_CONTENT} if typed else {}),
        }  # fmt: skip
        body = encode_multipart(BOUNDARY, {"q": typed}) if typed else None
        request = urllib.request.Request(self.address + path, data=body, headers=headers)  # noqa: S310 - our own
        began = monotonic()
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own
            text = answer.read().decode()
        return 1000 * (monotonic() - began), text


def _typing(desk: Desk, kind: Kind, numbers: list[int], report: Report) -> None:
    times, missing = [], 0
    for number in numbers:
        typed, listed = kind.of(number)
        text = ""
        for part in _keystrokes(typed):
            took, text = desk.open("/search/", part)
            times.append(took)
        missing += listed not in text
    name = f"{kind.name}, 95 of {len(times):,} keystrokes"
    if kind.most:
        report.at_most(name, percentile(times, 0.95), kind.most)
    else:
        report.figure(name, f"{percentile(times, 0.95):.1f} ms")
    report.figure("  median; longest", f"{median(times):.1f}; {max(times):.1f} ms")
    report.figure("  not found when typed out", str(missing), against=f"none of {len(numbers)}", met=not missing)


def _pages(desk: Desk, pages: list[dict[str, Any]], report: Report) -> None:
    statements: dict[str, int] = {}
    for page in pages:
        address, *place = MIDDLE.split(page["path"])
        desk.open(page["path"])
        times = [desk.open(page["path"])[0] for _ in range(AGAIN)]
        name = f"{address}{', from the middle' if place else ''}, 95 of {AGAIN}"
        report.at_most(name, percentile(times, 0.95), PAGE)
        pinned = statements.setdefault(address, page["statements"])
        report.figure(
            "  statements", str(page["statements"]), against=f"{pinned}, by key" if place else "by key",
            met=page["by_key"] and page["statements"] == pinned,
        )  # fmt: skip


def _keystrokes(typed: str) -> Iterator[str]:
    return (typed[:end] for end in range(FIRST, len(typed) + 1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench search", description=__doc__)
    parser.add_argument("--customers", type=int, default=generate.CARDS, help="with a card and five events each")
    parser.add_argument("--people", type=int, default=PEOPLE, help="searched for, each by every kind")
    return parser


# --- What is typed


def _name(number: int) -> tuple[str, str]:
    row = customer_row(number)
    return f"{row['first_name']} {row['last_name']}".lower(), _shown(row)


def _name_with_a_slip(number: int) -> tuple[str, str]:
    """Leave out a letter of the last name, or swap two of the first: every second person's."""
    row = customer_row(number)
    first, last = str(row["first_name"]), str(row["last_name"])
    if number % 2 and len(first) > SLIPS_IN:
        first = first[:2] + first[3] + first[2] + first[4:]
    else:
        last = last[:2] + last[3:]
    return f"{last} {first}".lower(), _shown(row)


SLIPS_IN = 4  # letters; in a shorter name a slip makes another name


def _shown(row: Any) -> str:
    return f"{row['first_name']} {row['last_name']}".replace("'", "&#x27;")


def _phone(number: int) -> tuple[str, str]:
    return f"+52 {customer_row(number)['phone_number']}", str(customer_key(number))


def _last_four(number: int) -> tuple[str, str]:
    return str(card_row(number)["last4"]), f"•••• {card_row(number)['last4']}"


def _email(number: int) -> tuple[str, str]:
    return str(customer_row(number)["email"]), str(customer_key(number))


def _id(number: int) -> tuple[str, str]:
    return f"id: {card_row(number)['api_id']}", str(card_key(number))


def _name_and_card(number: int) -> tuple[str, str]:
    row = customer_row(number)
    return f"name: {row['last_name']} card: {card_row(number)['last4']}", _shown(row)


def _amount(number: int) -> tuple[str, str]:
    amount = f"{5 + number % 60}.{number % 100:02}"
    return f"amount: {amount}", f"{amount} USD"


KINDS = (
    Kind("a name", TYPING, _name),
    Kind("a phone", TYPING, _phone),
    Kind("the last four", TYPING, _last_four),
    Kind("an email", TYPING, _email),
    Kind("a name with a slip", WITH_A_SLIP, _name_with_a_slip),
    Kind("an id", None, _id),
    Kind("a name with the last four", None, _name_and_card),
    Kind("an amount", None, _amount),
    Kind("a merchant", None, lambda _: ("merchant: acme coffee", "Acme Coffee")),
)


if __name__ == "__main__":
    main()
