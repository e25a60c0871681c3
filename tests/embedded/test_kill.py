"""Processes that die: servers, and whoever started them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from portal.embedded import ports, servers
from portal.embedded.errors import disk_full
from portal.embedded.processes import Identity, identity, started_at, wait_until
from portal.embedded.record import Record

from .conftest import Starter, make_folder
from .test_servers import remember, remembered, works

pytestmark = pytest.mark.kill
REPOSITORY = Path(__file__).resolve().parents[2]
# Starts servers, tells their process numbers, then waits to be killed.
OWNER = """
import json, pathlib, signal, sys
from portal.embedded import ports, servers
running = servers.start(pathlib.Path(sys.argv[1]), say=lambda text: None, fsync=True)
print(json.dumps(running.record.processes), flush=True)
signal.pause()
"""


def sentences_until(running: servers.Servers, word: str) -> str:
    """Call check() as the supervisor does until it says something with `word`."""
    heard: list[str] = []

    def listen() -> bool:
        heard.extend(running.check())
        return any(word in sentence for sentence in heard)

    assert wait_until(listen, 30), heard
    return " ".join(heard)


def server(running: servers.Servers, name: str) -> Identity:
    """Who runs as this server now."""
    who = running.record.process(name)
    assert who is not None
    return who


def kill(who: Identity) -> None:
    """Kill -9 and wait until it is gone."""
    os.kill(who.pid, signal.SIGKILL)
    assert wait_until(lambda: not who.alive(), 10)


def test_killed_postmaster_is_started_again_with_its_data(project: Path, start: Starter) -> None:
    running = start(project)
    remember(running.database_owner_url)
    session = psycopg.connect(running.database_url)
    kill(server(running, "postgres"))
    said = sentences_until(running, "runs again")
    assert "PostgreSQL had stopped (it ended with signal SIGKILL) and runs again." in said
    assert remembered(running.database_owner_url) == "still here"
    assert server(running, "postgres").alive()
    with session, pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")


def test_killed_redis_is_started_again_at_the_same_address(project: Path, start: Starter) -> None:
    running = start(project, postgres=False)
    kill(server(running, "redis"))
    sentences_until(running, "Redis had stopped")
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.ping()


def test_server_that_cannot_come_back_says_why_and_waits_longer(project: Path, start: Starter) -> None:
    running = start(project, postgres=False)
    stranger = socket.socket()
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port = running.record.redis_port
    kill(server(running, "redis"))
    assert wait_until(lambda: ports.is_free(port), 10)  # its threads end a moment after it
    stranger.bind(("127.0.0.1", port))
    stranger.listen()
    with stranger:
        said = sentences_until(running, "cannot start")
        assert f"taken by process {os.getpid()}" in said
        assert "Next try in" in said
        assert running.check() == []
    sentences_until(running, "runs again")


def start_and_kill_owner(root: Path, *, path: str) -> tuple[Identity, Identity]:
    """Start servers in another process, leave a row in them and kill -9 that process; return the servers."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(root)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        told = json.loads(process.stdout.readline())
    address = servers.read(root)
    assert address is not None
    remember(address["database_owner_url"])
    process.kill()
    process.wait()
    return Identity(**told["postgres"]), Identity(**told["redis"])


def test_servers_end_with_a_killed_owner_and_the_next_start_has_the_data(project: Path, start: Starter) -> None:
    left = start_and_kill_owner(project, path=os.environ["PATH"])
    assert wait_until(lambda: not any(who.alive() for who in left), 20)
    after = servers.read(project)
    assert after is not None
    assert not after["running"]
    second = start(project)
    assert remembered(second.database_owner_url) == "still here"
    assert works(second)


def test_servers_that_outlived_a_killed_owner_are_stopped_at_the_next_start(open_tmp: Path, start: Starter) -> None:
    """Without setpriv nothing ends them with their owner, so they hold data and ports when we come back."""
    root = make_folder(open_tmp, "orphans")
    tools = make_folder(open_tmp, "no-setpriv")
    left = start_and_kill_owner(root, path=str(tools))
    before = servers.read(root)
    assert all(who.alive() for who in left)
    second = start(root)
    assert [who for who in left if who.alive()] == []
    assert f"A PostgreSQL that was left behind (process {left[0].pid}) is stopped." in start.said
    assert f"A Redis that was left behind (process {left[1].pid}) is stopped." in start.said
    assert before is not None
    assert second.database_owner_url == before["database_owner_url"]
    assert remembered(second.database_owner_url) == "still here"


def test_stale_pid_file_with_a_reused_number_harms_nobody(project: Path, start: Starter) -> None:
    first = start(project, redis=False)
    data = first.place / "postgres"
    first.stop()
    bystander = subprocess.Popen(["sleep", "60"])
    lines = [str(bystander.pid), str(data), "1", str(first.record.postgres_port), "", "127.0.0.1", "1 1", "ready"]
    (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    first.record.remember("redis", identity(bystander.pid))
    first.record.save(project / "var")
    try:
        assert works(start(project))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_zombies_and_reused_numbers_are_not_alive() -> None:
    child = subprocess.Popen(["true"])
    assert wait_until(lambda: started_at(child.pid) == 0, 10)
    child.wait()
    mine = identity(os.getpid())
    assert mine.alive()
    assert not Identity(mine.pid, mine.started + 1).alive()


def test_waiting_ends_at_its_deadline() -> None:
    calls: list[float] = []

    def never() -> bool:
        calls.append(time.monotonic())
        return False

    assert not wait_until(never, 0.05)
    assert len(calls) > 1


def test_disk_that_fills_up_while_running_does_not_keep_a_server_down(
    project: Path, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(project, postgres=False)

    def full(self: Record, var: Path) -> None:
        raise disk_full(var)

    kill(server(running, "redis"))
    with monkeypatch.context() as patched:
        patched.setattr(Record, "save", full)
        said = sentences_until(running, "full or nearly so")
    assert "Redis had stopped" in said
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.ping()
