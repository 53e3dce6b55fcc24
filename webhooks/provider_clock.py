"""Tells a provider's clock that goes wrong from a request that was long under way.

Both look the same on one request: its timestamp is old. A request that finds nothing in hand here has waited for no
other, so what it is late by is its way and the difference of the two clocks. When all of the last such requests are
late by as much, it is the clock. A queue is never taken for one: in a queue no request finds nothing in hand.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

# An older timestamp, or one as far in the future, is a clock that goes wrong, whatever else came.
OLDEST = timedelta(seconds=10)
SAMPLES = 20
KEPT_FOR = 600.0  # seconds: clocks drift
QUIET_FOR = 0.05  # seconds without any request in hand
LONGEST_WAY = 0.2  # seconds that a request may be under way on a good day


@dataclass
class ProviderClock:
    """What the deliveries to this process tell of the difference; soft knowledge, made again after a restart."""

    _ages: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=SAMPLES))  # when, seconds
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _in_hand: int = 0
    _last_end: float = 0.0

    @contextmanager
    def in_hand(self) -> Iterator[bool]:
        """Count a request while it is in hand; gives whether it found none before it."""
        with self._lock:
            is_alone = self._in_hand == 0 and monotonic() - self._last_end > QUIET_FOR
            self._in_hand += 1
        try:
            yield is_alone
        finally:
            with self._lock:
                self._in_hand -= 1
                self._last_end = monotonic()

    def note(self, *, sent: datetime | None, received: datetime) -> None:
        """Learn from a request that waited for no other."""
        if sent is not None and abs(received - sent) <= OLDEST:
            self._ages.append((monotonic(), (received - sent).total_seconds()))

    def age(self, *, sent: datetime | None, received: datetime) -> float:
        """Return for how many seconds a request was under way, as far as the provider's clock can be believed."""
        if sent is None or abs(received - sent) > OLDEST:
            return 0.0
        return max(0.0, (received - sent).total_seconds() - self.behind)

    @property
    def behind(self) -> float:
        """Return by how many seconds the provider's clock is behind ours; 0 unless it is certain."""
        ages = [age for at, age in list(self._ages) if monotonic() - at < KEPT_FOR]
        if len(ages) < SAMPLES:
            return 0.0
        least = min(ages)
        return least if least < 0 or least > LONGEST_WAY else 0.0


provider_clock = ProviderClock()
