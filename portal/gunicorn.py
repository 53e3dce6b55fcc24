"""How gunicorn serves the portal: few threads per process, because many tripled the slowest answers."""

import gc
import os
from typing import Any

workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
timeout = 30  # seconds
graceful_timeout = 5
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Have each process load what its first request would, and say that it runs.

    Imports here: the settings are there only now. What was loaded is never looked through for garbage again: that
    stopped every thread of the process for 30 ms now and then, while issuers waited.
    """
    from django.urls import get_resolver

    from portal.presence import keep_noting

    get_resolver().check()
    gc.collect()
    gc.freeze()
    keep_noting()
