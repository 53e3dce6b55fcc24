"""Draws the status machines into docs/statuses.md, so that the picture cannot differ from the code."""

import difflib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cards.statuses import CARD_TRANSITIONS
from customers.statuses import CUSTOMER_TRANSITIONS, DOCUMENT_TRANSITIONS, REQUEST_TRANSITIONS, Transitions

MACHINES: dict[str, tuple[Transitions, str]] = {
    "Customer": (CUSTOMER_TRANSITIONS, "PENDING"),
    "Enablement request": (REQUEST_TRANSITIONS, "REQUESTED"),
    "Document": (DOCUMENT_TRANSITIONS, "DRAFT"),
    "Card": (CARD_TRANSITIONS, "ACTIVE"),
}


class Command(BaseCommand):
    help = "Draw the status machines into docs/statuses.md; --check only compares."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail where the file differs from the code")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "statuses.md"
        drawn = document()
        if not check:
            path.write_text(drawn)
            return
        difference = list(difflib.unified_diff(path.read_text().splitlines(), drawn.splitlines(), lineterm=""))
        if difference:
            raise CommandError(
                "docs/statuses.md is out of date. Run: manage.py draw_statuses\n" + "\n".join(difference)
            )


def document() -> str:
    parts = ["# Statuses\n\nDrawn by `manage.py draw_statuses` from the tables in each app's `statuses.py`.\n"]
    for name, (transitions, first) in MACHINES.items():
        parts.append(f"## {name}\n\n```mermaid\nstateDiagram-v2\n    [*] --> {first}\n{_edges(transitions)}\n```\n")
    return "\n".join(parts)


def _edges(transitions: Transitions) -> str:
    return "\n".join(
        f"    {source} --> {target}" for source, targets in transitions.items() for target in sorted(targets)
    )
