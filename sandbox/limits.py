"""The provider's request limit: 15 in any second, then blocks that double until an hour has been clean."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from time import monotonic

REQUESTS = 15
WINDOW_SECONDS = 1.0
LONGEST_BLOCK_SECONDS = 3600
BLOCKS_UNTIL_LONGEST = 12

EXEMPT_PREFIXES = (
    "/cards/webhook",
    "/treasury/webhook",
    "/virtual-wallets/webhook",
    "/health",
    "/actuator",
    "/swagger-ui",
    "/api-docs",
    "/portal",
    "/dashboard",
    "/geography",
    "/geofence",
    "/events",
    "/mail/inbound",
)


@dataclass
class _Counter:
    times: deque[float] = field(default_factory=deque)
    overruns: int = 0
    blocked_until: float = 0.0

    def seconds_to_wait(self, now: float) -> int:
        """Count one request and return 0, or how many seconds it is too early."""
        if now < self.blocked_until:
            return ceil(self.blocked_until - now)
        if self.overruns and now - self.blocked_until >= LONGEST_BLOCK_SECONDS:
            self.overruns = 0
        while self.times and now - self.times[0] >= WINDOW_SECONDS:
            self.times.popleft()
        if len(self.times) < REQUESTS:
            self.times.append(now)
            return 0
        return self._block(now)

    def _block(self, now: float) -> int:
        self.overruns += 1
        seconds = LONGEST_BLOCK_SECONDS if self.overruns >= BLOCKS_UNTIL_LONGEST else 2 ** (self.overruns - 1)
        self.blocked_until = now + seconds
        self.times.clear()
        return seconds


class RateLimiter:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counters: dict[str, _Counter] = {}

    def seconds_to_wait(self, who: str) -> int:
        """Count one request of an address or a company; 0 lets it pass."""
        with self._lock:
            return self._counters.setdefault(who, _Counter()).seconds_to_wait(self._clock())

    def clear(self) -> None:
        with self._lock:
            self._counters.clear()


def is_exempt(path: str) -> bool:
    return path.startswith(EXEMPT_PREFIXES)


limiter = RateLimiter()
