"""Every way a call to the provider goes wrong: what stands here, what happened there, and what the officer reads.

Each row is brought about in `test_fault_table.py`, the crash of the database in `test_intake_survives.py`, over real
sockets and with real processes. However it begins, it ends alike: the call is done, the provider has acted once, and
the page says what its action says under `done`.
`docs/faults.md` is drawn from here: python -m portal.tests.fault_table > docs/faults.md
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

INDIVIDUALS = "/management/clients/individuals"
CARDS = "/cards/individual-cards"


class Action(NamedTuple):
    kind: str  # of its ProviderCall
    method: str
    path: str  # at the provider, `*` for an id
    doing: str  # the page's words for it
    done: str  # what the officer reads once it is


ACTIONS: Mapping[str, Action] = {
    "create client": Action(
        "REGISTER_CLIENT", "POST", INDIVIDUALS,
        "Registering the customer", "Registered without a card.",
    ),
    "request product": Action(
        "REQUEST_PRODUCT", "POST", f"{INDIVIDUALS}/*/products",
        "Asking what is needed for a card", "Supply the 2 requirements below, then submit for review",
    ),
    "upload": Action(
        "UPLOAD_DOCUMENT", "POST", f"{INDIVIDUALS}/*/products/*/documentation",
        "Uploading the document", "Everything is supplied. Submit it for review",
    ),
    "submit": Action(
        "SUBMIT_REQUEST", "POST", f"{INDIVIDUALS}/*/products/*/submit", "Submitting for review", "In review",
    ),
    "issue card": Action("ISSUE_CARD", "POST", f"{CARDS}/create", "Issuing the card", "Top-up, expires"),
    "freeze": Action("SET_FROZEN", "PATCH", f"{CARDS}/*/frozen", "Freezing the card", "A person froze it."),
    "delete card": Action(
        "DELETE_CARD", "DELETE", f"{CARDS}/*", "Deleting the card", "The card is deleted; every purchase is declined",
    ),
}  # fmt: skip


class Row(NamedTuple):
    fault: str  # what goes wrong
    action: str  # while this is done
    state: str  # of the call meanwhile
    acted: int  # how often the provider acted meanwhile
    reads: str  # what the officer reads meanwhile: " · " between two places of the page, "…" for a time
    how: Mapping[str, Any] = {}  # as the sandbox is told


def on_its_way(action: str) -> str:
    return f"{ACTIONS[action].doing} at CryptoMate"


def late(action: str) -> str:
    return f"{ACTIONS[action].doing} · On its way to CryptoMate. You can leave this page."


def unknown(action: str) -> str:
    doing = ACTIONS[action].doing
    return (
        f"No answer yet · {doing} has no answer. "
        "We look up whether it happened before asking again; nothing for you to do."
    )


SAVED = "Your work is saved and will be sent."

ANSWERS = [
    Row(
        "refuses the connection", "create client", "WANTED", 0,
        "CryptoMate cannot be reached · Registering the customer waits. Everything is kept; nothing for you to do.",
    ),
    Row(
        "accepts and never answers", "create client", "UNKNOWN", 0, unknown("create client"),
        {"kind": "hang", "seconds": 60},
    ),
    Row("answers half a body", "create client", "UNKNOWN", 1, unknown("create client"), {"kind": "half_body"}),
    Row("answers HTML", "create client", "UNKNOWN", 0, unknown("create client"), {"kind": "html"}),
    Row(
        "answers 429", "create client", "WANTED", 0, f"CryptoMate asks us to slow down until … · {SAVED}",
        {"kind": "rate_limit", "seconds": 40},
    ),
    Row("answers 500", "create client", "UNKNOWN", 0, unknown("create client"), {"kind": "error", "status": 500}),
    Row(
        "answers 503 with Retry-After", "create client", "UNKNOWN", 0,
        f"{unknown('create client')} We try again at …", {"kind": "error", "status": 503, "seconds": 40},
    ),
    Row(
        "answers 401", "create client", "WANTED", 0,
        f"CryptoMate does not take our calls since … · {SAVED} The admins see why on their dashboard.",
        {"kind": "unauthorized"},
    ),
    *[
        Row("acts, then drops the connection", action, "UNKNOWN", 1, unknown(action), {"kind": "drop_after"})
        for action in ACTIONS
    ],
]  # fmt: skip

KILLS = [
    Row("the worker is killed in mid-call", action, "SENT", 1, late(action), {"kind": "hang_after", "seconds": 60})
    for action in ACTIONS
]

CLOCKS = [
    Row("another worker's clock is a day ahead", "create client", "SENT", 1, late("create client")),
    Row("PostgreSQL's clock was put back by a day", "create client", "WANTED", 0, on_its_way("create client")),
]

PROCESSES = [
    Row("no worker runs", "create client", "WANTED", 0, on_its_way("create client")),
    Row("the broker is down", "create client", "WANTED", 0, on_its_way("create client")),
    Row("beat was started twice", "create client", "WANTED", 0, on_its_way("create client")),
    Row(
        "answers after 10 s", "request product", "SENT", 0, late("request product"), {"kind": "slow", "seconds": 10},
    ),
]  # fmt: skip

DATABASE = [
    Row(
        "the database restarts in mid-call", "create client", "SENT", 1,
        "The portal is away for a moment", {"kind": "slow", "seconds": 2},
    )
]  # fmt: skip

ROWS = [*ANSWERS, *KILLS, *CLOCKS, *PROCESSES, *DATABASE]


def document() -> str:
    """Return the page of the manual."""
    return "\n".join(
        [
            "# When a call goes wrong",
            "",
            "Drawn by `python -m portal.tests.fault_table` from the rows that the tests bring about, over real sockets",
            "and with real processes. However a row begins, the provider has acted exactly once in the end.",
            "",
            *_lines(("what goes wrong", "while", "the call", "acted", "the officer reads"), map(_cells, ROWS)),
            "",
            "And afterwards:",
            "",
            *_lines(
                ("while", "the call", "acted", "the officer reads"),
                ((name, "DONE", "1", action.done) for name, action in ACTIONS.items()),
            ),
            "",
        ]
    )


def _cells(row: Row) -> tuple[str, ...]:
    return row.fault, row.action, row.state, str(row.acted), row.reads


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


if __name__ == "__main__":
    sys.stdout.write(document())
