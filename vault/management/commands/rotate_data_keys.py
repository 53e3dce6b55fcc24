from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vault.rotation import Tally, encrypted_models, others, rotate_files, rotate_rows
from vault.storage import EncryptedStorage
from vault.stores import StoreAway


class Command(BaseCommand):
    help = (
        "Seal again, with the first key of DATA_KEYS, what an older one sealed. Put the new key first, restart every "
        "process, run this, and only then take the older key away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=100, help="rows locked at a time (default: %(default)s)")

    def handle(self, *_: Any, batch: int, **__: Any) -> None:
        unreadable = 0
        for model in encrypted_models():
            unreadable += self.report(model._meta.label, rotate_rows(model, batch=batch))
        for name, rotate in others.items():
            unreadable += self.report(name, rotate())
        try:
            unreadable += self.report("Files", rotate_files(EncryptedStorage()))
        except StoreAway:
            raise CommandError(
                "The store for documents does not answer. Run this again: it goes on from here."
            ) from None
        if unreadable:
            raise CommandError(
                f"{unreadable} cannot be opened with the keys in DATA_KEYS. "
                "Put the key that sealed them back and run this again."
            )
        self.stdout.write("Everything is sealed with the newest key. The older ones can go.")

    def report(self, name: str, tally: Tally) -> int:
        self.stdout.write(f"{name}: {tally.seen} seen, {tally.sealed_again} sealed again")
        for place in tally.unreadable:
            self.stderr.write(f"Cannot open {place}")
        return len(tally.unreadable)
