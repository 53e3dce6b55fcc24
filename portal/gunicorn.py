"""How gunicorn serves the portal: few threads per process, because many tripled the slowest answers."""

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
    """Have each process say that it runs. An import here: the settings are there only now."""
    from portal.presence import keep_noting

    keep_noting()
