"""A restore with decryption and all checks beside what people write themselves: `pg_restore -j2` of a plain `pg_dump -Fc`."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings

from accounts.services.roots import root_ensure
from bench import backup
from bench.table import Bound, Row
from bench.world import World
from maintenance.backup import manifest as manifests
from maintenance.backup import tools
from maintenance.backup.targets import Folder
from maintenance.restore import databases, logins, pipeline
from maintenance.restore.inspection import Inspection
from maintenance.restore.steps import Steps
from portal.kit import context, ids

PLAIN = "bench_plain"


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The reference and ours in turn, each into a new database; both are there to the last index at the end."""
    settings.DATABASE_ADMIN_URL = world.admin_url
    with backup.database(world, say) as folder:
        with context.system("bench") as current:  # Without one, no restored database passes its proof.
            root_ensure(actor=current.actor, username="root", email="root@example.com")
        login = tools.database()
        with psycopg.connect(**tools.parameters(login)) as server:
            chosen = tools.choose(server.info.server_version)
        environment = tools.environment(login)
        dump = folder / "plain.dump"
        subprocess.run([chosen.pg_dump, "-Fc", f"--file={dump}"], env=environment, check=True)
        found = _found(folder / "ours")
        ways: dict[str, Callable[[], float]] = {
            "plain": lambda: _plain(chosen.pg_restore, dump, environment),
            "ours": lambda: _ours(found, say),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, way in ways.items():
                os.sync()
                took = way()
                if number:
                    seconds[name].append(took)
            say(f"restore: round {number} of {rounds}")
        extra = {"rows": f"{found.rows:,}"}
    plain, ours = seconds["plain"], seconds["ours"]
    return [
        Row("pg_restore -j2 of a plain pg_dump -Fc", "s", plain, plain, extra=extra),
        Row("restore, decrypted and checked", "s", ours, plain, Bound("<=", 1.15), extra=extra),
    ]


def _found(place: Path) -> Inspection:
    """One of our backups of the same data, as a restore sees it."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    target = Folder(place)
    return Inspection(manifests.load(target, backup.backup(place)), target)


def _plain(pg_restore: str, dump: Path, environment: dict[str, str]) -> float:
    with logins.as_admin() as admin:
        started = time.perf_counter()
        admin.execute(f"CREATE DATABASE {PLAIN} OWNER steward_owner")
        command = [pg_restore, "-j2", "--exit-on-error", "--no-owner", f"--dbname={PLAIN}", str(dump)]
        subprocess.run(command, env=environment, check=True)
        took = time.perf_counter() - started
        admin.execute(f"DROP DATABASE {PLAIN} WITH (FORCE)")
    return took


def _ours(found: Inspection, say: Callable[[str], None]) -> float:
    """All that a drill does but the dropping. `inspection.require` and `checks.require` raise when it is not sound."""
    identifier, live = ids.uuid7(), logins.live_name()
    name, steps = databases.name_for("drill", identifier), Steps()
    started = time.perf_counter()
    pipeline.restore(found, name, databases.new_mark("drill", identifier, live), steps)
    took = time.perf_counter() - started
    pipeline.discard(name, live=live)
    say("restore: " + ", ".join(f"{step['name']} {step['seconds']:.2f}" for step in steps.done))
    return took
