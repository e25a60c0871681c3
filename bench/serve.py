"""Serve one of the sites with the web server and its settings of `manage.py web run`: `python -m bench.serve <port>`."""

import os
import sys

import django
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

WORKERS = 2
THREADS = 4
CONNECTIONS = 2048


def main(port: int) -> None:
    """Serve until TERM."""
    target = "bench.sites.wsgi:application"
    if os.environ["DJANGO_SETTINGS_MODULE"] == "bench.sites.steward":
        target = "portal.conf.wsgi:application"
        django.setup()
        from portal.kit import metrics

        metrics.prepare_directory()
    Server(
        target,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=600,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
