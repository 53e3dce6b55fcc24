import logging
import threading

from django.conf import settings
from django.db import DatabaseError, transaction

from cryptomate import Client, Exchange
from provider import budget, circuit
from provider.shape_watch import watch

logger = logging.getLogger(__name__)

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
    """Remember what the provider last said in this thread, and let all processes know what it says about it.

    Its status and trace id are what its support asks for.
    """
    _local.heard = exchange
    watch.hear(exchange)
    try:
        with transaction.atomic():
            budget.give_back()
            circuit.note(exchange)
    except DatabaseError:
        logger.exception("What the provider answered could not be counted")


def last_heard() -> Exchange | None:
    return getattr(_local, "heard", None)


def forget() -> None:
    _local.heard = None
