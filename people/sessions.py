"""What a session knows of time, and how it is stored."""

import base64
import json
import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from vault.cipher import CannotDecrypt, decrypt, encrypt

BEGAN, ACTIVE, CONFIRMED = "began_at", "active_at", "confirmed_at"
STEP = 60  # seconds; so often activity is written down


class SessionStore(db.SessionStore):
    """Seals what stands in a session: a secret that is being set up, a form that waits for a password."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        sealed = encrypt(json.dumps(session_dict).encode(), bound_to=self._place())
        return base64.b64encode(sealed).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return an empty session for one that does not open: its person signs in again."""
        try:
            opened = decrypt(base64.b64decode(session_data), bound_to=self._place())
        except (CannotDecrypt, ValueError):
            return {}
        return dict(json.loads(opened))

    def _place(self) -> str:
        return f"session:{self.session_key}"


def begin(session: SessionBase) -> None:
    """Note that somebody signed in, by password and whatever else was asked for."""
    session[BEGAN] = session[ACTIVE] = session[CONFIRMED] = time.time()


def note_activity(session: SessionBase) -> None:
    if time.time() - session.get(ACTIVE, 0) > STEP:
        session[ACTIVE] = time.time()
        session.setdefault(BEGAN, session[ACTIVE])


def note_confirmation(session: SessionBase) -> None:
    session[CONFIRMED] = time.time()


def seconds_left(session: SessionBase) -> float:
    """Return how long a session lasts if nothing more happens; nothing or less where it has ended."""
    now = time.time()
    idle = session.get(ACTIVE, now) + settings.IDLE_SECONDS
    return float(min(idle, session.get(BEGAN, now) + settings.SESSION_COOKIE_AGE) - now)


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether the person has shown lately that they are who signed in."""
    return bool(time.time() - request.session.get(CONFIRMED, 0) < settings.CONFIRMED_SECONDS)
