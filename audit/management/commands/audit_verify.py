from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.heads import Head, heads_written
from audit.verifying import Verification


class Command(BaseCommand):
    help = (
        "Hold the audit log against its seals and against the heads written down under VAR_DIR. Names each event that "
        "was changed, removed, inserted or moved, and a tail that was cut off; ends with 1 where there is any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="NUMBER:MAC",
            help="a head kept elsewhere, as the worker writes it into its output; may be given several times",
        )

    def handle(self, *_: Any, head: list[str], **__: Any) -> None:
        try:
            found = Verification(heads=[*heads_written(), *map(Head.from_text, head)])
        except ValueError as error:
            raise CommandError(str(error)) from None
        is_whole = True
        for fault in found.faults():
            is_whole = False
            self.stdout.write(fault)
        self.stdout.write(f"{_count(found.sealed, 'event')} in {_count(found.seals, 'seal')}.")
        if found.unsealed:
            self.stdout.write(
                f"{_count(found.unsealed, 'event')} not sealed yet, since {found.unsealed_since:%Y-%m-%d %H:%M:%S %Z}."
            )
        if not is_whole:
            raise CommandError("The audit log is not as it was recorded.")
        self.stdout.write(f"The audit log is whole. Its head is {found.last.head}." if found.last else "No seal yet.")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
