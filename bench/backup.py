"""An encrypted, hashed backup beside what people write themselves: `pg_dump | zstd -1`, and the default `pg_dump -Fc`."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection, connections

from bench.table import Bound, Row
from bench.world import World
from maintenance.backup import create, keys, tools, verify
from maintenance.backup.targets import Folder
from portal.kit import ids

# In all tables. At the default about 400 MB of plain dump; a trial needs less.
ROWS = int(os.environ.get("STEWARD_BENCH_BACKUP_ROWS", "2000000"))
DATABASE = "bench_backup"

# Four tables of unlike size and content, as an installation has them: wide events, people, numbers, log lines.
_TABLES = (
    (
        "bench_event",
        0.45,
        "gen_random_uuid() AS id, now() - n * interval '7 seconds' AS happened_at, "
        "'accounts.user.' || (ARRAY['created', 'updated', 'locked', 'activated'])[1 + n %% 4] AS code, "
        "jsonb_build_object('field', 'theme', 'before', n %% 7, 'after', md5(n::text)) AS changes, "
        "gen_random_uuid() AS target_id, '198.51.' || n %% 250 || '.' || n %% 199 AS address",
    ),
    (
        "bench_person",
        0.2,
        "gen_random_uuid() AS id, 'Person Number ' || n AS name, 'person' || n || '@example.com' AS email, "
        "md5(n::text) || md5((n * 7)::text) AS password, n %% 5 = 0 AS staff, now() - n * interval '1 minute' AS joined_at",
    ),
    (
        "bench_entry",
        0.25,
        "n AS id, (n * 7919) %% 100003 AS amount, n / 2 AS journal, n %% 400 AS account, "
        "(n * 104729) %% 10000019 AS balance",
    ),
    (
        "bench_line",
        0.1,
        "n AS id, now() - n * interval '1 second' AS at, "
        "repeat('GET /platform/people?page=' || n || ' 200 in ' || n %% 90 || ' ms ', 3) AS line",
    ),
)


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The two references and ours, in turn; ours is verified once, so that it is known to be whole."""
    with database(world, say) as folder:
        login = tools.database()
        with psycopg.connect(**tools.parameters(login)) as server:
            chosen = tools.choose(server.info.server_version)
        dump, environment = chosen.pg_dump, tools.environment(login)
        ways: dict[str, Callable[[Path], object]] = {
            "piped": lambda place: _shell(f"'{dump}' | {zstd()} > '{place}/a'", environment),
            "custom": lambda place: _shell(f"'{dump}' -Fc > '{place}/a'", environment),
            "ours": backup,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        sizes: dict[str, int] = {}
        for number in range(rounds + 1):
            for name, way in ways.items():
                place = folder / name
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                os.sync()
                started = time.perf_counter()
                way(place)
                if number:
                    seconds[name].append(time.perf_counter() - started)
                sizes[name] = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
            say(f"backup: round {number} of {rounds}")
        _checked(folder / "ours")
    extra = {name: {"MB": f"{size / 1e6:,.0f}"} for name, size in sizes.items()}
    piped, custom, ours = seconds["piped"], seconds["custom"], seconds["ours"]
    return [
        Row("pg_dump into zstd -1", "s", piped, piped, extra=extra["piped"]),
        Row("pg_dump -Fc (its default)", "s", custom, custom, extra=extra["custom"]),
        Row("backup, encrypted and hashed, to the pipe", "s", ours, piped, Bound("<=", 1.15), extra=extra["ours"]),
        Row("backup, encrypted and hashed, to -Fc", "s", ours, custom, Bound("<=", 0.5), extra=extra["ours"]),
    ]


def backup(place: Path) -> str:
    """Make one of ours in a folder; its id."""
    made = create.create(backup_id=str(ids.uuid7()), reason="manual", targets=[Folder(place)], key=keys.active())
    return made.manifest.id


def zstd() -> str:
    """The reference's compressor: the `zstd` program, or the library that Python has when it is not installed."""
    if shutil.which("zstd"):
        return "zstd -1 -q"
    raise SystemExit("bench: install the package zstd; the reference of the backup is `pg_dump | zstd -1`.")


@contextmanager
def database(world: World, say: Callable[[str], None]) -> Iterator[Path]:
    """A copy of the world's database with the rows in it, in use for the block; yields a folder for what is made."""
    connections.close_all()
    before = connection.settings_dict["NAME"]
    admin = urlunsplit(urlsplit(world.admin_url)._replace(path="/postgres"))
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'CREATE DATABASE {DATABASE} TEMPLATE "{before}" OWNER steward_owner')
    connection.settings_dict["NAME"] = DATABASE
    folder = world.folder / "backups"
    folder.mkdir(exist_ok=True)
    try:
        with psycopg.connect(**tools.parameters(tools.database()), autocommit=True) as owner:
            for name, share, columns in _TABLES:
                count = int(ROWS * share)
                owner.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1::bigint, %s) n", [count])
                owner.execute(f"VACUUM ANALYZE {name}")
        say(f"backup: {ROWS:,} rows")
        yield folder
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before
        shutil.rmtree(folder, ignore_errors=True)
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def _shell(line: str, environment: dict[str, str]) -> None:
    subprocess.run(["/bin/bash", "-o", "pipefail", "-c", line], env=environment, check=True)


def _checked(place: Path) -> None:
    target = Folder(place)
    (backup_id,) = (path.name for path in place.iterdir())
    _manifest, report = verify.verify(target, backup_id)
    if not report.good:
        raise SystemExit(f"bench: the backup is not good: {report.faults}")
