"""Start the sandbox: `python -m sandbox --port 8001`."""

import argparse
import errno
import os
import socket
import sys

import django
from django.core.exceptions import ImproperlyConfigured

from sandbox.database import NoDatabaseError, create_if_missing


def main() -> None:
    port = _port()
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    try:
        _check_port_is_free(port)
        django.setup()
        _prepare_database()
    except (ImproperlyConfigured, NoDatabaseError, OSError) as problem:
        sys.exit(f"The sandbox cannot start. {problem}")
    from sandbox.server import Server

    Server(port).run()


def _port() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A stand-in for CryptoMate's API.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "8001")))
    # Gunicorn reads the command line too, and would not know this option.
    arguments, sys.argv[1:] = parser.parse_args(), []
    return int(arguments.port)


def _check_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            raise OSError(f"Port {port} is in use. Stop what listens there, or set SANDBOX_PORT.") from None


def _prepare_database() -> None:
    from django.core.management import call_command
    from django.db import connections

    create_if_missing()
    call_command("migrate", verbosity=0)
    # The worker is a fork of this process and must not inherit its connection.
    connections.close_all()


if __name__ == "__main__":
    main()
