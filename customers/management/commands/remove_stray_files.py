from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers.stray_files import remove_stray_file, stray_files
from vault.stores import StoreAway


class Command(BaseCommand):
    help = (
        "Remove files that no document names: left by a crash, or by a store that was away. Only files older than a "
        "day. Without --remove it only says what would go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove, rather than say what would go")

    def handle(self, *_: Any, remove: bool, **__: Any) -> None:
        try:
            found = self.go_through(remove=remove)
        except StoreAway:
            raise CommandError(
                "The store for documents does not answer. Run this again: it goes on from here."
            ) from None
        outcome = "are removed." if remove else "would go. Run this again with --remove to have it done."
        self.stdout.write(f"Files {found} that no document names {outcome}")

    def go_through(self, *, remove: bool) -> int:
        found = 0
        for file in stray_files(now=timezone.now()):
            self.stdout.write(f"{file.name}, last changed {file.changed_at:%Y-%m-%d}")
            if remove:
                remove_stray_file(file)
            found += 1
        return found
