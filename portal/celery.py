import os
from typing import Any

from celery import Celery, Task
from celery.signals import worker_init

from audit.door import come_as_portal
from audit.kinds import Source
from audit.origin import acting_as
from portal import folder_broker, redis_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


class RecordedTask(Task[Any, Any]):
    """What a task does is recorded as the worker's doing."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting_as(source=Source.WORKER):
            return super().__call__(*args, **kwargs)


@worker_init.connect
def announce(**_: Any) -> None:
    """Say on each connection that it is the portal's own: what tasks do is recorded by the actions they call."""
    come_as_portal()


folder_broker.register()
redis_broker.register()

app = Celery("portal", task_cls=RecordedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("portal.heartbeats:Pulse")
