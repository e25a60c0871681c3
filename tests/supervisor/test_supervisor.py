"""Start, ready box, restarts, drain, kill -9: the supervisor around a stand-in project."""

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest

from portal.embedded import servers
from portal.embedded.errors import EmbeddedError
from portal.embedded.processes import identity, wait_until
from portal.embedded.supervisor import options

from .conftest import Run, all_gone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_everything_shows_the_box_and_stops_everything(
    root: Path, runs: list[Run], number: signal.Signals
) -> None:
    run = Run(root)
    runs.append(run)
    run.ready()
    members = [run.child(name) for name in ("web", "worker", "beat")]
    assert all(who.alive() for who in members)
    assert run.end(number) == 0
    assert all_gone(members)
    assert f"Steward is ready: http://127.0.0.1:{run.port}" in run.text
    assert "User name:  admin" in run.text
    assert run.text.count("one-time-word") == 1
    assert "one time; shown only now" in run.text
    assert f"Data:       {root}/var" in run.text
    assert "worker   | worker has drained" in run.lines
    assert "beat     | beat has drained" in run.lines
    assert "init     | tables are made" in run.lines
    assert run.lines[-1] == "steward  | Everything is stopped."
    assert "\x1b" not in run.text


@pytest.mark.kill
def test_embedded_servers_run_with_it_and_come_back_when_killed(root: Path, runs: list[Run]) -> None:
    run = Run(root, DATABASE_URL="", REDIS_URL="")
    runs.append(run)
    run.ready()
    told = servers.read(root)
    assert told is not None
    assert told["running"]
    os.kill(run.child("postgres").pid, signal.SIGKILL)
    os.kill(run.child("redis").pid, signal.SIGKILL)
    run.until(r"PostgreSQL had stopped \(it ended with signal SIGKILL\) and runs again\.")
    run.until(r"Redis had stopped \(it ended with signal SIGKILL\) and runs again\.")
    with psycopg.connect(told["database_url"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("steward_app",)
    members = [run.child(name) for name in ("web", "worker", "beat", "postgres", "redis")]
    assert run.end() == 0
    assert all_gone(members)
    after = servers.read(root)
    assert after is not None
    assert not after["running"]


@pytest.mark.kill
def test_killed_part_starts_again_and_its_helpers_do_not_survive_it(root: Path, runs: list[Run]) -> None:
    run = Run(root, STAND_IN="worker-forks")
    runs.append(run)
    run.ready()
    helper = identity(int((root / "forked").read_text()))
    first = run.child("worker")
    os.kill(first.pid, signal.SIGKILL)
    run.until("worker ended with signal SIGKILL and starts again in 1 s")
    assert wait_until(lambda: run.child("worker") != first and run.child("worker").alive(), 20)
    assert not helper.alive()


def test_part_that_fails_at_first_is_started_again(root: Path, runs: list[Run]) -> None:
    run = Run(root, STAND_IN="web-dies-once")
    runs.append(run)
    run.ready()
    assert "web ended with code 1 and starts again in 1 s." in run.text
    assert "web      | web gives up" in run.lines


@pytest.mark.kill
def test_the_one_time_password_of_a_slow_start_is_told_as_soon_as_the_web_server_answers(
    root: Path, runs: list[Run]
) -> None:
    run = Run(root, STAND_IN="web-waits", READY_SECONDS="0.5")
    runs.append(run)
    run.until("The web server does not answer")
    run.until("worker +. worker works")
    assert "one-time-word" not in run.text
    (root / "go").touch()
    run.until("Steward is ready")
    run.until("one-time-word")
    assert run.end() == 0
    assert run.text.count("one-time-word") == 1


def test_the_one_time_password_is_told_even_if_the_web_server_never_answered(root: Path, runs: list[Run]) -> None:
    run = Run(root, STAND_IN="web-waits", READY_SECONDS="0.5")
    runs.append(run)
    run.until("The web server does not answer")
    assert run.end() == 0
    assert "Steward was not ready" in run.text
    assert run.text.count("one-time-word") == 1


def test_killed_supervisor_leaves_nothing_behind_and_the_next_start_works(root: Path, runs: list[Run]) -> None:
    run = Run(root)
    runs.append(run)
    run.ready()
    members = [run.child(name) for name in ("web", "worker", "beat")]
    run.process.kill()
    run.wait()
    assert wait_until(lambda: not any(who.alive() for who in members), 20)
    again = Run(root)
    runs.append(again)
    again.ready()


@pytest.mark.kill
def test_parts_that_outlived_a_killed_supervisor_are_stopped_at_the_next_start(root: Path, runs: list[Run]) -> None:
    """Without setpriv nothing ends the parts with their supervisor; the old web server holds the port."""
    run = Run(root, PATH="/nonexistent")
    runs.append(run)
    run.ready()
    members = {name: run.child(name) for name in ("web", "worker", "beat")}
    run.process.kill()
    run.process.wait()
    assert all(who.alive() for who in members.values())
    again = Run(root, PORT=str(run.port))
    runs.append(again)
    again.ready()
    for name, who in members.items():
        assert f"A {name} process that was left behind (process {who.pid}) is stopped." in again.text
    assert all_gone(list(members.values()))


def test_second_start_in_the_same_folder_says_that_one_is_running(root: Path, runs: list[Run]) -> None:
    run = Run(root)
    runs.append(run)
    run.ready()
    second = Run(root)
    assert second.wait() == 1
    address = f"http://127.0.0.1:{run.port}"
    assert f"Steward is already running here (process {run.process.pid}, {address})" in second.text
    assert len(second.lines) == 1
    assert run.child("web").alive()


def test_taken_port_names_who_has_it_and_starts_nothing(root: Path, runs: list[Run]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        run = Run(root, PORT=str(port), DATABASE_URL="", REDIS_URL="")
        runs.append(run)
        assert run.wait() == 1
    assert f"port {port} is taken by process {os.getpid()} (" in run.text
    assert f"choose another port: PORT={port + 1} make run" in run.text
    assert len(run.lines) == 1
    assert not (root / "var/embedded").exists()


def test_failed_preparation_stops_the_start_with_its_reason(root: Path, runs: list[Run]) -> None:
    run = Run(root, STAND_IN="init-fails")
    runs.append(run)
    assert run.wait() == 1
    assert "init     | the owner's password is wrong" in run.lines
    assert "The database could not be prepared: the lines above say why." in run.text
    assert "Traceback" not in run.text
    assert "web serves" not in run.text


def test_folder_that_is_a_file_is_one_sentence(root: Path, runs: list[Run]) -> None:
    (root / "var").write_text("in the way")
    run = Run(root)
    runs.append(run)
    assert run.wait() == 1
    assert f"The folder {root}/var cannot be used" in run.text
    assert len(run.lines) == 1


def test_interrupt_during_the_start_stops_what_had_come_up(root: Path, runs: list[Run]) -> None:
    run = Run(root, DATABASE_URL="", REDIS_URL="")
    runs.append(run)
    run.until("PostgreSQL made its data folder")
    assert run.end(signal.SIGINT) == 0
    told = servers.read(root)
    assert told is not None
    assert not told["running"]
    assert "Traceback" not in run.text


@pytest.mark.parametrize("written", ["eighty", "0", "65536", "-1"])
def test_impossible_port_is_named(root: Path, written: str) -> None:
    with pytest.raises(EmbeddedError, match=r"PORT is .*: write a whole number from 1 to 65535"):
        options(root, {"PORT": written})


def test_addresses_of_the_environment_decide_what_is_embedded(root: Path) -> None:
    assert options(root, {}).postgres
    assert options(root, {"DATABASE_URL": ""}).postgres
    assert not options(root, {"DATABASE_URL": "postgresql://x"}).postgres
    assert not options(root, {"REDIS_URL_FILE": "/run/secrets/redis"}).redis
    assert options(root, {"STEWARD_VAR": "/srv/var"}).var == Path("/srv/var")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - printed, not bound
        ("::", "http://[::1]:80"),
        ("10.0.0.7", "http://10.0.0.7:80"),
    ],
)
def test_printed_address_can_be_opened(root: Path, host: str, url: str) -> None:
    assert options(root, {"HOST": host, "PORT": "80"}).url == url
