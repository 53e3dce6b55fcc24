"""Secrets of second factors as they stand in the database: sealed, and sealed again when the keys change."""

import base64

from allauth.mfa.models import Authenticator
from django.db import transaction

from vault import cipher
from vault.rotation import Tally

PLACE = "mfa_authenticator.data"
SECRETS = ("secret", "seed")  # of an authenticator app, and of recovery codes


def seal(text: str) -> str:
    return base64.b64encode(cipher.encrypt(text.encode(), bound_to=PLACE)).decode()


def open_sealed(sealed: str) -> str:
    """Raises CannotDecrypt."""
    return cipher.decrypt(base64.b64decode(sealed), bound_to=PLACE).decode()


def rotate() -> Tally:
    """Seal again what an older key sealed."""
    tally = Tally()
    for pk in Authenticator.objects.values_list("pk", flat=True):
        _rotate(pk, tally)
    return tally


@transaction.atomic
def _rotate(pk: int, tally: Tally) -> None:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    for name in SECRETS:
        sealed = row.data.get(name) if row else None
        if not row or not sealed:
            continue
        tally.seen += 1
        if not cipher.needs_rotation(base64.b64decode(sealed)):
            continue
        try:
            row.data[name] = seal(open_sealed(sealed))
        except cipher.CannotDecrypt:
            tally.unreadable.append(f"{PLACE}:{pk}")
            continue
        row.save(update_fields=["data"])
        tally.sealed_again += 1
