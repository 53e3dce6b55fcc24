from celery import current_app
from django.db import transaction


def wake(task: str, **kwargs: str) -> None:
    """Hand a task to a worker once the transaction is committed.

    A broker that is down costs the wait until the next sweep, never what was committed: the failure is logged.
    """

    def publish() -> None:
        current_app.send_task(task, kwargs=kwargs, ignore_result=True)

    transaction.on_commit(publish, robust=True)
