"""What is measured: throw-away servers with a migrated database, one signed-in person, and the web servers beside them."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from bench import machine
from portal.embedded import ports, servers

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """The servers' folder and addresses; `postgres_version` for the head of the table."""

    folder: Path
    admin_url: str
    database_url: str
    peer_url: str
    postgres_version: str


@dataclass(frozen=True)
class Site:
    """One running web server."""

    name: str
    port: int
    pid: int

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Start PostgreSQL (with fsync) and Redis, make the databases, and set this process up as Steward."""
    folder = Path(tempfile.mkdtemp(prefix="steward-bench-"))
    folder.chmod(0o755)  # the servers run as another account when this runs as root
    running = servers.start(folder, say=lambda line: None)
    try:
        peer_url = urlunsplit(urlsplit(running.database_owner_url)._replace(path="/peer"))
        os.environ.update(
            STEWARD_ENV="development",
            STEWARD_RATE_LIMITS="1",
            STEWARD_RATE_API="1000000",
            STEWARD_RATE_AUTHZ="1000000",
            STEWARD_RATE_ANONYMOUS="1000000",
            STEWARD_RATE_CONSOLE="1000000",
            STEWARD_VAR=str(folder / "var"),
            STEWARD_LOG_LEVEL="info",
            DATABASE_URL=running.database_url,
            DATABASE_OWNER_URL=running.database_owner_url,
            REDIS_URL=running.redis_url,
            DJANGO_SETTINGS_MODULE="portal.conf.settings",
            BENCH_PEER_URL=peer_url,
        )
        for command in (
            ["migrate", "--verbosity", "0"],
            ["collectstatic", "--noinput", "--verbosity", "0"],
            ["roles", "apply"],
        ):
            subprocess.run([sys.executable, "manage.py", *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        with psycopg.connect(running.admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE peer OWNER {urlsplit(peer_url).username}")
            version = str(admin.info.server_version)
        import django

        django.setup()
        yield World(
            folder, running.admin_url, running.database_url, peer_url, f"{int(version) // 10000}.{int(version) % 10000}"
        )
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def site(name: str, folder: Path) -> Iterator[Site]:
    """Serve `bench.sites.<name>`; the output goes to a file, as a real server's does."""
    port = ports.choose_free()
    with (folder / f"{name}.log").open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.serve", str(port)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": f"bench.sites.{name}"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(child, port, folder / f"{name}.log")
        yield Site(name, port, child.pid)
    finally:
        child.terminate()
        child.wait(30)


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"A measured server did not start:\n{log.read_text()[-2000:]}")


def database_processes() -> list[psutil.Process]:
    """The processes of the throw-away PostgreSQL, which is a child of ours."""
    return [process for process in machine.tree(os.getpid()) if process.name().startswith("postgres")]
