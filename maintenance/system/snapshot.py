"""Everything that the system page and its endpoint tell, asked for once."""

from dataclasses import dataclass

from django.conf import settings

from maintenance.models import JobRun
from maintenance.selectors import system as selectors
from maintenance.system import broker, database, machine, panels, versions
from maintenance.system.broker import Broker
from maintenance.system.database import Growth, Index, Server, Statement, Table
from maintenance.system.machine import Disk, Folder, Machine
from maintenance.system.panels import Answer
from portal.kit import health
from portal.kit.context import Actor
from portal.kit.decision import authorise

PERMISSION = "system:read"
HOUR_SECONDS = 3600.0


@dataclass(frozen=True)
class Live:
    """What changes while one looks: health, processes and the queue."""

    health: health.HealthReport
    processes: Answer[list[selectors.Process]]
    queue: Answer[selectors.Queue]


@dataclass(frozen=True)
class Installation:
    """What changes slowly: machine, servers, folders, versions and the last run of each job."""

    machine: Answer[Machine]
    disks: Answer[list[Disk]]
    folders: Answer[list[Folder]]
    database: Answer[Server]
    growth: Answer[Growth | None]
    broker: Answer[Broker | None]
    versions: list[tuple[str, str]]
    dump_tool: Answer[str]
    last_runs: Answer[list[JobRun]]
    embedded: bool
    one_login: bool


@dataclass(frozen=True)
class Inside:
    """The inside of the database. `statements` is None within the answer where the extension is not there."""

    tables: Answer[list[Table]]
    indexes: Answer[list[Index]]
    statements: Answer[list[Statement] | None]
    growth: Answer[Growth | None]
    disks: Answer[list[Disk]]


def live(actor: Actor) -> Live:
    """Health, processes and queue as they are now."""
    authorise(actor, PERMISSION)
    return Live(
        health.report(),
        panels.ask_database("processes", lambda: selectors.processes(actor), keep=0),
        panels.ask_database("queue", selectors.queue, keep=0),
    )


def installation(actor: Actor) -> Installation:
    """The installation; each part is at most a few seconds old, the folders a minute."""
    authorise(actor, PERMISSION)
    return Installation(
        machine=panels.ask_aside("machine", machine.machine),
        disks=panels.ask_aside("disks", machine.disks),
        folders=panels.ask_aside("folders", machine.folders, keep=60),
        database=panels.ask_database("database", database.server),
        growth=panels.ask_database("growth", database.growth),
        broker=panels.ask_aside("broker", broker.broker),
        versions=versions.versions(),
        dump_tool=panels.ask_aside("dump_tool", versions.dump_tool, keep=HOUR_SECONDS),
        last_runs=panels.ask_database("last_runs", lambda: selectors.last_runs(actor), keep=0),
        embedded=settings.STEWARD_EMBEDDED,
        one_login=settings.STEWARD_ONE_LOGIN,
    )


def inside(actor: Actor) -> Inside:
    """The inside of the database; each part at most ten seconds old."""
    authorise(actor, PERMISSION)
    return Inside(
        tables=panels.ask_database("tables", database.tables, keep=10),
        indexes=panels.ask_database("indexes", database.indexes, keep=10),
        statements=panels.ask_database("statements", database.statements, keep=10),
        growth=panels.ask_database("growth", database.growth),
        disks=panels.ask_aside("disks", machine.disks),
    )
