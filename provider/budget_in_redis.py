"""The turns of the budget, handed out by the Redis that carries the messages, where there is one.

It answers within a short time or is left alone; what stands in it may be lost at any moment.
"""

import functools
import hashlib
import logging
import uuid
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds to connect, and to answer
MINUTE = 60_000

# KEYS: turns by the moment they are free again; calls by the moment they were let through.
# ARGV: whose turn, how many there are (0 gives this one back), milliseconds until it is free.
SCRIPT = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local free_at = now + ARGV[3]
if ARGV[2] == '0' then return redis.call('ZADD', KEYS[1], 'XX', 'LT', free_at, ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. free_at, '+inf')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60000)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], free_at, ARGV[1])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('PEXPIRE', KEYS[2], 60000)
return 1
"""


class Unreachable(Exception):  # noqa: N818 - it is a state, not a failure
    """Redis did not answer in time."""


def is_configured() -> bool:
    return settings.CELERY_BROKER_URL.startswith(("redis://", "rediss://"))


def take(turns: int, *, hold: float, window: float) -> Callable[[], object] | None:
    """Return what gives the turn back, or None where `turns` are taken. Raises Unreachable."""
    mine = uuid.uuid4().hex
    try:
        is_taken = _run(mine, turns, hold)
    except redis.RedisError as error:
        logger.warning("Redis does not count calls: %s", type(error).__name__)
        raise Unreachable from None
    return functools.partial(_give_back, mine, window) if is_taken else None


def _give_back(mine: str, window: float) -> None:
    try:
        _run(mine, 0, window)
    except redis.RedisError as error:
        logger.info("A turn ends by itself: %s", type(error).__name__)


def counts() -> tuple[int, int] | None:
    """Return the calls of the last second and minute; None where Redis does not know."""
    if not is_configured():
        return None
    client, let_through = _client(settings.CELERY_BROKER_URL), _keys()[1]
    try:
        seconds, micros = client.time()
        now = seconds * 1000 + micros // 1000
        return client.zcount(let_through, now - 999, "+inf"), client.zcount(let_through, now - MINUTE, "+inf")
    except redis.RedisError:
        return None


def _run(mine: str, turns: int, seconds: float) -> bool:
    client = _client(settings.CELERY_BROKER_URL)
    return bool(client.eval(SCRIPT, 2, *_keys(), mine, turns, round(seconds * 1000)))


def _keys() -> tuple[str, str]:
    """One budget per company at the provider, whoever else uses this Redis."""
    company = f"{settings.CRYPTOMATE_API_URL} {settings.CRYPTOMATE_API_KEY}"
    name = f"calls:{hashlib.sha256(company.encode()).hexdigest()[:16]}"
    return f"{name}:turns", f"{name}:minute"


@functools.cache
def _client(url: str) -> Any:
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    )
