from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from people.actions import unlock_address, unlock_sign_in


class Command(BaseCommand):
    help = "Let a person or an address try again that was locked out after too many attempts to sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="a username, or an address like 203.0.113.7")

    def handle(self, *_: Any, who: str, **__: Any) -> None:
        person = User.objects.filter(username=who).first()
        was_locked = unlock_sign_in(person, by=None) if person else unlock_address(who, by=None)
        if not was_locked:
            raise CommandError(f"There is nothing to unlock for {who}.")
        self.stdout.write(f"{who} may try again.")
