"""Gunicorn from within: one worker process with threads, and the dispatcher beside them."""

import sys
from typing import Any

from gunicorn.app.base import BaseApplication

THREADS = 16
# What is in the middle of an answer when the sandbox stops is cut off after this long.
GRACE_SECONDS = 1


class Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": 30,
            "graceful_timeout": GRACE_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": _say_where,
            "post_worker_init": _start_dispatcher,
            "worker_int": _let_go,
            "worker_abort": _let_go,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from sandbox.wsgi import application

        return application


def _say_where(arbiter: Any) -> None:
    sys.stdout.write(f"Sandbox on http://{arbiter.address[0][0]}:{arbiter.address[0][1]}/\n")
    sys.stdout.flush()


def _start_dispatcher(worker: Any) -> None:
    from sandbox.dispatcher import dispatcher

    dispatcher.start()


def _let_go(worker: Any) -> None:
    from sandbox.faults import stopping

    stopping.set()
