from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models

from provider.waking import BACKGROUND, DOCUMENTS, PEOPLE

QUEUES = (PEOPLE, BACKGROUND, DOCUMENTS)
BEAT = "beat"
SILENT_AFTER = timedelta(seconds=60)
# Documents are read one after the other, and beat's message stands in line with them.
HEARD_WITHIN = {PEOPLE: SILENT_AFTER, BACKGROUND: SILENT_AFTER, DOCUMENTS: timedelta(minutes=15)}


def worker_of(queue: str) -> str:
    return f"worker for {queue}"


def messages_in(queue: str) -> str:
    return f"messages in {queue}"


@dataclass(frozen=True)
class Part:
    """One thing that works in the background, and when it was last heard of."""

    name: str
    at: datetime | None
    is_silent: bool


class Heartbeat(models.Model):
    """When something that works in the background last said that it does."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    @classmethod
    def beat(cls, name: str, *, at: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at})

    @classmethod
    def parts(cls, *, now: datetime) -> list[Part]:
        """Return beat, the worker of each queue, and the broker, which carries messages from the one to the others.

        The broker is known by those messages only: where beat or a worker is silent, it seems to be, too.
        """
        heard = dict(cls.objects.values_list("name", "at"))
        names = [BEAT, *(worker_of(queue) for queue in QUEUES)]
        return [*(Part(name, heard.get(name), _is_late(heard.get(name), now)) for name in names), _broker(heard, now)]


def _broker(heard: Mapping[str, datetime], now: datetime) -> Part:
    """Say when a message last came through; where some queue is silent, when one last came through that."""
    last = {queue: heard.get(messages_in(queue)) for queue in QUEUES}
    late = [queue for queue in QUEUES if _is_late(last[queue], now, HEARD_WITHIN[queue])]
    times = [at for queue in late or QUEUES if (at := last[queue])]
    return Part("broker", min(times, default=None) if late else max(times), is_silent=bool(late))


def _is_late(at: datetime | None, now: datetime, within: timedelta = SILENT_AFTER) -> bool:
    return at is None or now - at > within


class Sending(models.Model):
    """When beat last had something done that happens rarely: several beats share these turns."""

    name = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    @classmethod
    def claim(cls, name: str, *, every: float) -> bool:
        """Take the next turn; answers False to all but one who ask for it, and while it is too early.

        The database's clock counts. One that was set back makes the turn due.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO portal_sending AS last (name, at) VALUES (%(name)s, clock_timestamp())
                ON CONFLICT (name) DO UPDATE SET at = excluded.at
                WHERE last.at NOT BETWEEN excluded.at - %(every)s * interval '1 second' AND excluded.at
                """,
                {"name": name, "every": every * 0.9},
            )
            return bool(cursor.rowcount == 1)
