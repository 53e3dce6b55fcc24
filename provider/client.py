import threading

from django.conf import settings

from cryptomate import Client

_local = threading.local()


def provider_client() -> Client:
    """Return this thread's client; a connection is kept open between calls."""
    key = (settings.CRYPTOMATE_API_URL, settings.CRYPTOMATE_API_KEY)
    if getattr(_local, "key", None) != key:
        _local.client = Client(url=key[0], api_key=key[1])
        _local.key = key
    client: Client = _local.client
    return client
