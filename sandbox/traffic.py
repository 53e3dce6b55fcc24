"""The calls the API received since the start or the last reset, for the console and for tests."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.utils import timezone

KEPT = 500


@dataclass(frozen=True)
class Call:
    at: datetime
    method: str
    path: str
    status: int
    idempotency_key: str
    fault: str


class Traffic:
    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self.calls = 0
            self.rate_limited = 0
            self._recent: deque[Call] = deque(maxlen=KEPT)

    def count(self, *, method: str, path: str, status: int, idempotency_key: str, fault: str) -> None:
        with self._lock:
            self.calls += 1
            self.rate_limited += status == 429
            self._recent.appendleft(Call(timezone.now(), method, path, status, idempotency_key, fault))

    def recent(self) -> list[Call]:
        """List the latest calls, newest first."""
        with self._lock:
            return list(self._recent)


traffic = Traffic()
