from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cards.closing import closed_customers
from customers.erasing import Erasure, erase_documents, erasures
from vault.stores import StoreAway


def days(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("give a number of days, 1 or more")
    return int(text)


class Command(BaseCommand):
    help = (
        "Erase images of documents, and what was typed, read and measured from them, of customers who have been closed "
        "for so many days. Without --erase it only says what would go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--closed-for-days", type=days, required=True, help="how long a customer has been closed")
        parser.add_argument("--erase", action="store_true", help="erase, rather than say what would go")

    def handle(self, *_: Any, closed_for_days: int, erase: bool, **__: Any) -> None:
        closed = closed_customers(before=timezone.now() - timedelta(days=closed_for_days))
        if not erase:
            self.report(erasures(closed), "would go. Run this again with --erase to have it done.")
            return
        try:
            self.report(erase_documents(closed), "are erased.")
        except StoreAway:
            raise CommandError(
                "The store for documents does not answer. Run this again: it finishes what it began."
            ) from None

    def report(self, found: Iterable[Erasure], outcome: str) -> None:
        customers = documents = files = 0
        for each in found:
            customers, documents, files = customers + 1, documents + each.documents, files + each.files
            self.stdout.write(f"Customer {each.customer_id}: documents {each.documents}, images {each.files}")
        self.stdout.write(f"Documents {documents} and images {files} of customers {customers} {outcome}")
