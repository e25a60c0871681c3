"""`python -m bench.workers steward|plain`: the two workers that bench.jobs compares, with the same settings of Celery.

Both do the same on one message: write a row and say so to the database's listeners in one statement. Steward's does it
as a job in a batch of its run, the plain one in a bare Celery task.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

import psycopg
from celery import Celery

EFFECT = (
    "WITH done AS (INSERT INTO bench_effect (number) VALUES (%s) RETURNING number) "
    "SELECT pg_notify('bench', number::text) FROM done"
)
PLAIN_QUEUE = "plain"
JOBS = {"effect": "bench.make_effect", "nothing": "bench.do_nothing"}

plain = Celery("plain", set_as_current=False)
_connections: dict[int, psycopg.Connection] = {}


@plain.task(name="effect", ignore_result=True)
def effect(number: int) -> None:
    """The effect, in a transaction of its own."""
    if os.getpid() not in _connections:
        _connections[os.getpid()] = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    _connections[os.getpid()].execute(EFFECT, [number])


@plain.task(name="nothing", ignore_result=True)
def nothing() -> None:
    """Nothing at all."""


def configure_plain() -> None:
    """Steward's settings of Celery, another queue."""
    plain.config_from_object("portal.conf.celery_settings")
    plain.conf.task_default_queue = PLAIN_QUEUE


def declare_jobs() -> None:
    """The same two as Steward's jobs; the registry is complete by now, so they are put beside it."""
    from django.db import connection

    from portal.kit import registry
    from portal.kit.registry import Job, Run

    def make_effect(run: Run) -> Mapping[str, Any]:
        with run.batch(), connection.cursor() as cursor:
            cursor.execute(EFFECT, [run.args["number"]])
        return {}

    def do_nothing(run: Run) -> Mapping[str, Any]:
        return {}

    for name, function in ((JOBS["effect"], make_effect), (JOBS["nothing"], do_nothing)):
        registry.jobs._items[name] = Job(name, name, function, permission="job:admin")


def without_guard() -> None:
    """Take the write guard of development off, which reads every statement: production has none."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    connection_created.disconnect(dispatch_uid="steward.write_guard")
    connections.close_all()
    for connection in connections.all(initialized_only=True):
        connection.execute_wrappers.clear()


def main(kind: str) -> None:
    """Run one worker until SIGTERM."""
    import django

    django.setup()
    if kind == "steward":
        from portal.kit import serve

        declare_jobs()
        without_guard()
        serve.worker()
        return
    configure_plain()
    plain.worker_main(
        [
            "--quiet",
            "worker",
            f"--concurrency={os.environ['STEWARD_WORKER_CONCURRENCY']}",
            "--pool=prefork",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1])
