"""Real processes, really killed, and a disk that is really full: what is left is nothing, or a whole backup."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from audit.models import Event
from maintenance.backup import read, tools, verify
from maintenance.backup.targets import Folder
from maintenance.models import Backup, JobRun
from maintenance.services import backups
from portal.kit import context
from tests.factories import World, actor_of
from tests.maintenance.backup.conftest import Make
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
ROOT = Path(__file__).resolve().parent.parent.parent.parent
State = Backup.State


@pytest.fixture
def bulky(own_database: dict[str, str]) -> None:
    """A table that takes a while to dump."""
    with psycopg.connect(**tools.parameters(tools.database()), autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE bulky AS SELECT n, md5(n::text) || md5((n * 7)::text) AS noise FROM generate_series(1, 1500000) n"
        )


def command(environment: dict[str, str], *arguments: str, **more: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "backup", *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def stored(folder: Folder) -> int:
    return sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file()) if folder.path.exists() else 0


def dumps_of(environment: dict[str, str]) -> list[psutil.Process]:
    """The pg_dump processes that read this test's database."""
    name = environment["DATABASE_URL"].rpartition("/")[2]
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "pg_dump" and process.environ().get("PGDATABASE") == name:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_command_killed_in_the_middle_leaves_no_listed_backup_and_the_next_one_sweeps(
    own_database: dict[str, str], bulky: None, folder: Folder, make: Make, acting: context.Context
) -> None:
    environment = {**own_database, "STEWARD_BACKUP_TARGETS": str(folder.path)}
    process = command(environment, "create")
    wait_for(lambda: stored(folder) > 1_000_000 or process.poll() is not None, what="the first blocks")
    assert process.poll() is None, "it finished before it could be killed"
    process.kill()
    process.communicate()
    assert stored(folder) > 0
    assert list(read.find(folder)) == []
    wait_for(lambda: not dumps_of(environment), what="the end of its dumps, by their broken pipes")
    dead = Backup.objects.get()
    assert dead.state == State.RUNNING
    made = make()
    dead.refresh_from_db()
    assert dead.state == State.FAILED
    assert "killed" in dead.error
    assert Event.objects.filter(code="maintenance.backup.failed", target_id=dead.pk).count() == 1
    assert [path.name for path in folder.path.iterdir()] == [str(made.pk)]
    assert verify.verify(folder, str(made.pk))[1].good


def test_a_worker_killed_in_mid_backup_is_followed_by_one_that_makes_it_anew(
    own_database: dict[str, str],
    bulky: None,
    folder: Folder,
    world: World,
    start_worker: Callable[..., Any],
) -> None:
    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = backups.backup_request(actor=actor)
        assert backups.backup_request(actor=actor) == run_id
    extra = {"STEWARD_BACKUP_TARGETS": str(folder.path), "STEWARD_JOB_LEASE_SECONDS": "3"}
    first = start_worker(**extra)
    wait_for(lambda: stored(folder) > 1_000_000, what="the first blocks", tick=dispatch)
    first.kill()
    assert fresh(run_id).state == JobRun.State.RUNNING, "the worker finished before it could be killed"
    start_worker(**extra)
    wait_for(lambda: not fresh(run_id).is_live, what="the second backup", tick=dispatch)
    assert fresh(run_id).state == JobRun.State.SUCCEEDED, fresh(run_id).error
    states = list(Backup.objects.order_by("started_at").values_list("state", "run_id"))
    assert states == [(State.FAILED, run_id), (State.COMPLETE, run_id)]
    whole = Backup.objects.get(state=State.COMPLETE)
    assert [path.name for path in folder.path.iterdir()] == [str(whole.pk)]
    assert verify.verify(folder, str(whole.pk))[1].good


def test_a_file_that_may_not_grow_fails_the_backup_and_older_ones_stay(
    own_database: dict[str, str], bulky: None, folder: Folder, acting: context.Context
) -> None:
    environment = {**own_database, "STEWARD_BACKUP_TARGETS": str(folder.path)}
    older = command(environment, "create")
    told, _errors = older.communicate()
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()}
    full = command(
        environment,
        "create",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000)),
    )
    _told, errors = full.communicate()
    assert full.returncode == 1
    assert f"No room is left at {folder.path}" in errors
    assert {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()} == before
    states = dict(Backup.objects.values_list("pk", "state"))
    assert sorted(states.values()) == [State.COMPLETE, State.FAILED]
    assert verify.verify(folder, told.strip())[1].good
    assert "No room is left" in Backup.objects.get(state=State.FAILED).error


def test_the_command_makes_lists_verifies_and_names_the_keys(own_database: dict[str, str], tmp_path: Path) -> None:
    folder = Folder(tmp_path / "backups")
    environment = {**own_database, "STEWARD_BACKUP_TARGETS": str(folder.path)}

    def told(*arguments: str, code: int = 0) -> str:
        process = command(environment, *arguments)
        said, errors = process.communicate()
        assert process.returncode == code, errors
        return said if code == 0 else errors

    backup_id = told("create", "--before", "Dropping a table").strip()
    assert Backup.objects.get(pk=backup_id).act == "Dropping a table"
    assert "every byte read and good" in told("verify")
    assert [row["id"] for row in json.loads(told("list", "--rebuild", "--json"))] == [backup_id]
    assert backup_id in told("list")
    keys = told("keys")
    assert "STEWARD_BACKUP_KEYS  local" in keys
    assert "STEWARD_ENCRYPTION_KEYS" in keys
    os.truncate(folder.path / backup_id / "data-01.dump", 500)
    assert "data-01.dump is damaged at byte 500" in told("verify", backup_id, code=1)
    assert "no id of a backup" in told("verify", "nonsense", code=1)
