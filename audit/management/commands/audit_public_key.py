from typing import Any

from django.core.management.base import BaseCommand

from audit.signing import signing_keys


class Command(BaseCommand):
    help = "Print the key that case files are signed with and its fingerprint, then those of AUDIT_KEY_PREVIOUS."

    def handle(self, *_: Any, **__: Any) -> None:
        for key in signing_keys():
            self.stdout.write(f"{key.public.hex()} fingerprint {key.fingerprint}")
