"""Wakes a worker for what a person waits for. No page, and no delivery, waits for the broker.

Messages leave from a thread of their own: a broker that is down, slow or frozen holds up that thread and nobody else.
What does not get away is dropped, because what is due stands in the database and the sweep finds it there.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import Full, Queue
from time import monotonic

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

PEOPLE, BACKGROUND, DOCUMENTS = "people", "background", "documents"
MOST_WAITING = 200  # messages
SWEPT_AFTER = 5.0  # seconds; by then a sweep has found what the message was about
EXPIRES = 60.0  # seconds in the queue
FRESH = 10.0  # seconds for which a sweep's message counts: so far the clocks of two machines may differ
CONFIRM_WITHIN = 1.0  # seconds; RabbitMQ alone confirms


@dataclass(frozen=True)
class Message:
    task: str
    kwargs: Mapping[str, str]
    queue: str
    at: float = field(default_factory=monotonic)


def wake(task: str, *, queue: str = PEOPLE, **kwargs: str) -> None:
    """Hand a task to a worker once the transaction is committed; never wait for the broker, never fail for it."""
    message = Message(task, kwargs, queue)
    transaction.on_commit(lambda: postman.take(message), robust=True)


class Postman:
    """Carries messages to the broker, one after the other, in a thread that starts with the first of them."""

    def __init__(self) -> None:
        self._waiting: Queue[Message] = Queue(MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, message: Message) -> None:
        try:
            self._waiting.put_nowait(message)
        except Full:
            logger.warning("A message was dropped: the broker takes none. The next sweep makes up for it")
        self._start()

    def _start(self) -> None:
        with self._starting:  # a process that was forked from this one has no thread yet
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._carry_all, name="messages to the broker", daemon=True)
                self._thread.start()

    def _carry_all(self) -> None:
        while True:
            message = self._waiting.get()
            if monotonic() - message.at < SWEPT_AFTER:
                carry(message)


def carry(message: Message) -> None:
    try:
        current_app.send_task(
            message.task,
            kwargs=dict(message.kwargs),
            queue=message.queue,
            expires=EXPIRES,
            ignore_result=True,
            confirm_timeout=CONFIRM_WITHIN,
        )
    except Exception as error:  # each transport has errors of its own, and none may end the thread
        logger.warning("No worker was woken for %s: %s. The next sweep makes up for it", message.task, error)


postman = Postman()
