"""Redis as broker, without the error that ended a worker when Redis went away in mid-task.

Celery closes a lost connection twice. The first time fails half way, because messages in hand cannot be put back. The
second time kombu wants a fresh connection from a transport that knows no address any more, and that AttributeError is
none of the connection errors after which a worker connects anew: it ends. Here it is one of them.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as RedisIsAway

SCHEMES = ("redis", "rediss")


class Channel(redis.Channel):
    def _connparams(self, *args: Any, **options: Any) -> Any:
        if getattr(self.connection, "client", None) is None:
            raise RedisIsAway("The connection to Redis was given up.")
        return super()._connparams(*args, **options)  # type: ignore[misc] # kombu's stubs leave it out


class Transport(redis.Transport):
    Channel = Channel


def register() -> None:
    """Let broker addresses that begin with `redis://` and `rediss://` use this transport."""
    for scheme in SCHEMES:
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
