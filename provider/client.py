import threading

from django.conf import settings

from cryptomate import Client, Exchange

_local = threading.local()


def provider_client() -> Client:
    """Return this thread's client; a connection is kept open between calls."""
    key = (settings.CRYPTOMATE_API_URL, settings.CRYPTOMATE_API_KEY)
    if getattr(_local, "key", None) != key:
        _local.client = Client(url=key[0], api_key=key[1], observe=hear)
        _local.key = key
    client: Client = _local.client
    return client


def hear(exchange: Exchange) -> None:
    """Remember what the provider last said in this thread: its status and trace id are what its support asks for."""
    _local.heard = exchange


def last_heard() -> Exchange | None:
    return getattr(_local, "heard", None)


def forget() -> None:
    _local.heard = None
