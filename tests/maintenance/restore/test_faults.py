"""Real workers, really killed: the live database is untouched or the swap is complete, and a retry works."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import OperationalError, connection

from accounts.models import User
from audit.models import Event
from maintenance import runner
from maintenance.models import Drill, JobRun, Restore
from maintenance.restore import databases, exchange, logins, work
from maintenance.restore.command import CommandRun
from maintenance.services import drills, restores
from portal.embedded import roles
from portal.kit import context
from tests.conftest import _admin, _named
from tests.factories import World, actor_of, person
from tests.maintenance.conftest import dispatch, fresh
from tests.maintenance.restore.conftest import MakeBackup, databases_like, left_by
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
ROOT = Path(__file__).resolve().parent.parent.parent.parent
Mode = Restore.Mode


def _asked(world: World, backup_id: str, mode: Restore.Mode) -> Restore:
    actor = actor_of(world.admin)
    with context.acting(actor):
        return restores.restore_request(actor=actor, backup_id=backup_id, mode=mode, confirm=logins.live_name())


def _ended(run_id: UUID) -> bool:
    """Whether the run is over, in whichever database is the live one. At the very moment of the swap nobody gets in."""
    try:
        connection.close_if_unusable_or_obsolete()
        return not fresh(run_id).is_live
    except OperationalError:
        connection.close()
        return False


def _tick() -> None:
    with suppress(OperationalError):
        connection.close_if_unusable_or_obsolete()
        dispatch()


def test_a_worker_killed_in_the_load_leaves_the_live_database_and_the_next_one_restores(
    live: str, environment: dict[str, str], world: World, make_backup: MakeBackup, start_worker: Callable[..., Any]
) -> None:
    manifest = make_backup()
    restore = _asked(world, manifest.id, Mode.IN_PLACE)
    late = person("Late")
    assert restore.run_id is not None
    run_id = restore.run_id
    extra = {**environment, "STEWARD_JOB_LEASE_SECONDS": "3"}
    first = start_worker(**extra)
    wait_for(lambda: bool(left_by(live)), what="the new database", tick=_tick)
    first.kill()
    assert User.objects.filter(pk=late.pk).exists()
    assert fresh(run_id).state == "running"
    start_worker(**extra)
    wait_for(lambda: _ended(run_id), what="the second worker", tick=_tick)
    run, done = fresh(run_id), Restore.objects.get(pk=restore.pk)
    assert (run.state, run.error, done.state) == ("succeeded", "", "swapped")
    assert run.attempts == 2
    assert left_by(live) == [done.old_database]
    assert not User.objects.filter(pk=late.pk).exists()
    # The worker goes on in the restored database: the connections that the swap ended come back by themselves.
    actor = actor_of(world.admin)
    with context.acting(actor):
        drill = drills.drill_request(actor=actor)
    wait_for(lambda: _ended(drill), what="a job after the swap", tick=_tick)
    assert (fresh(drill).state, fresh(drill).error) == ("succeeded", "")


class Killed(BaseException):
    """The process ends here, without a word."""


@pytest.mark.parametrize("place", ["settle", "carry", "swap", "uploads_swap", "after"])
def test_a_process_that_ends_at_any_step_of_the_swap_is_followed_by_one_that_completes_it(
    live: str, world: World, make_backup: MakeBackup, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    manifest = make_backup()
    late = person("Late")
    restore = _asked(world, manifest.id, Mode.IN_PLACE)
    assert restore.run_id is not None

    def end(*args: object, **values: object) -> None:
        raise Killed

    # Nothing may be cleared away by a process that is dead.
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(exchange, place, end)
        runner.execute(restore.run_id)
    connection.close_if_unusable_or_obsolete()
    swapped = place in {"uploads_swap", "after"}
    assert User.objects.filter(pk=late.pk).exists() is not swapped
    assert fresh(restore.run_id).state == "running"
    with psycopg.connect(_named(os.environ["DATABASE_OWNER_URL"], live)) as owner:
        owner.execute(
            "UPDATE maintenance_job_run SET lease_until = now() - interval '1 second' WHERE id = %s", [restore.run_id]
        )
    runner.execute(restore.run_id)
    run, done = fresh(restore.run_id), Restore.objects.get(pk=restore.pk)
    assert (run.state, run.error, done.state) == ("succeeded", "", "swapped")
    assert not User.objects.filter(pk=late.pk).exists()
    assert left_by(live) == [done.old_database]
    assert Event.objects.filter(code="maintenance.restore.swapped", target_id=restore.pk).count() == 1


def test_people_who_were_erased_after_the_backup_stay_erased(live: str, world: World, make_backup: MakeBackup) -> None:
    from accounts.services.erasure import user_anonymise

    gone = person("Gone")
    manifest = make_backup()
    actor = actor_of(world.root)
    with context.acting(actor):
        user_anonymise(actor=actor, user=gone, reason="Asked for")
    restore = _asked(world, manifest.id, Mode.IN_PLACE)
    assert restore.run_id is not None
    runner.execute(restore.run_id)
    assert fresh(restore.run_id).state == "succeeded", fresh(restore.run_id).error
    again = User.objects.get(pk=gone.pk)
    assert again.erased_at is not None
    assert again.name.startswith("erased-")


def test_a_cancelled_restore_leaves_nothing(live: str, world: World, make_backup: MakeBackup) -> None:
    restore = _asked(world, make_backup().id, Mode.SCRATCH)
    assert restore.run_id is not None
    with psycopg.connect(_named(os.environ["DATABASE_OWNER_URL"], live)) as owner:
        owner.execute(
            "UPDATE maintenance_job_run SET state = 'cancelling', lease_until = now() - interval '1 second' WHERE id = %s",
            [restore.run_id],
        )
        owner.commit()
    actor = actor_of(world.admin)
    run = CommandRun({"restore": str(restore.pk)}, lambda line: None)

    def cancelled() -> None:
        raise runner.Cancelled

    run.batch = cancelled  # type: ignore[method-assign, assignment]
    with context.acting(actor), pytest.raises(runner.Cancelled):
        work.restore_backup(run)
    restore.refresh_from_db()
    assert restore.state == "cancelled"
    assert left_by(live) == []
    assert Event.objects.filter(code="maintenance.restore.cancelled", target_id=restore.pk).count() == 1


# Ends, as a kill -9 would end it, between CREATE DATABASE and the mark.
UNMARKED = """
import os, signal, uuid, django
django.setup()
from maintenance.restore import databases, logins
databases._comment = lambda *words: os.kill(os.getpid(), signal.SIGKILL)
live, identifier = logins.live_name(), uuid.uuid4()
with logins.as_admin() as admin:
    databases.create(admin, databases.name_for("drill", identifier), databases.new_mark("drill", identifier, live))
"""


def test_a_database_whose_maker_was_killed_before_its_mark_is_swept_by_the_next_one(
    live: str, environment: dict[str, str]
) -> None:
    done = subprocess.run([sys.executable, "-c", UNMARKED], cwd=ROOT, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    prefix = databases.making_prefix(live)
    (unmarked,) = databases_like(prefix)
    mark = databases.new_mark("drill", uuid4(), live)
    name = databases.name_for("drill", mark.id)
    with logins.as_admin() as admin, logins.as_admin() as other:
        # Somebody who is at it is waited for, and what it has is left alone.
        other.execute("SELECT pg_advisory_lock(%s::int, hashtext(%s))", [roles.ADVISORY_LOCK, live])
        admin.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            databases.create(admin, name, mark)
        assert databases_like(prefix) == [unmarked]
        other.execute("SELECT pg_advisory_unlock_all()")
        databases.create(admin, name, mark)
        assert databases_like(prefix) == []
        assert str(databases.mark_of(admin, name)) == str(mark)
        # The name is taken by somebody else in the very moment: nothing of the try is left.
        with pytest.raises(psycopg.errors.DuplicateDatabase), databases._making(admin, live):
            admin.execute(f'CREATE DATABASE "{prefix}x"')
            admin.execute(f'ALTER DATABASE "{prefix}x" RENAME TO "{name}"')
        assert databases_like(prefix) == []


# --- Drills ---


def _drilled(world: World) -> JobRun:
    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = drills.drill_request(actor=actor)
    runner.execute(run_id)
    return fresh(run_id)


def test_a_drill_proves_the_newest_backup_and_leaves_nothing(live: str, world: World, make_backup: MakeBackup) -> None:
    make_backup()
    newest = make_backup()
    run = _drilled(world)
    drill = Drill.objects.get()
    assert (run.state, run.error) == ("succeeded", "")
    assert (drill.state, drill.backup_id, drill.taken_at) == ("passed", newest.id, newest.made_at)
    assert drill.rows == sum(newest.tables.values())
    assert all(check["ok"] for check in drill.checks)
    assert drill.seconds is not None
    assert drill.seconds > 0
    assert left_by(live) == []
    assert Event.objects.get(code="maintenance.drill.passed").data["backup"] == newest.id


def test_a_drill_without_a_backup_or_with_a_spoiled_one_fails_aloud(
    live: str, world: World, make_backup: MakeBackup, backups: Path
) -> None:
    assert _drilled(world).state == "failed"
    manifest = make_backup()
    (backups / manifest.id / "data-01.dump").unlink()
    run = _drilled(world)
    assert run.state == "failed"
    assert "data-01.dump" in run.error
    assert [drill.state for drill in Drill.objects.all()] == ["failed", "failed"]
    assert Event.objects.filter(code="maintenance.drill.failed").count() == 2
    assert left_by(live) == []


def test_what_a_killed_drill_left_is_swept_by_the_next(
    live: str, environment: dict[str, str], world: World, make_backup: MakeBackup
) -> None:
    make_backup()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup", "drill"], cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: bool(left_by(live)), what="the scratch database")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert Drill.objects.get().state == "running"
    (left,) = left_by(live)
    run = _drilled(world)
    assert run.state == "succeeded", run.error
    assert any(left in line for _moment, line in run.log)
    assert left_by(live) == []
    assert sorted(drill.state for drill in Drill.objects.all()) == ["failed", "passed"]
    assert Event.objects.filter(code="maintenance.restore.dropped").exists()


# --- The command ---


def _backup(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "backup", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_the_command_restores_beside_and_in_place_with_the_name(
    live: str, environment: dict[str, str], world: World, make_backup: MakeBackup
) -> None:
    make_backup()
    late = person("Late")
    name = databases.name_for("restore", UUID(int=int(live[-8:], 16)))
    beside = _backup(environment, "restore", "newest", "--into", name)
    assert beside.returncode == 0, beside.stderr[-2000:]
    assert left_by(live) == [name]
    refused = _backup(environment, "restore", "newest", "--in-place", "--confirm", "wrong")
    assert refused.returncode == 1
    assert f"--confirm {live}" in refused.stderr
    assert User.objects.filter(pk=late.pk).exists()
    done = _backup(environment, "restore", "newest", "--in-place", "--confirm", live)
    assert done.returncode == 0, done.stderr[-2000:]
    connection.close_if_unusable_or_obsolete()
    assert not User.objects.filter(pk=late.pk).exists()
    assert sorted(restore.state for restore in Restore.objects.all()) == ["ready", "swapped"]


def test_a_bare_machine_needs_target_and_keys_alone(
    live: str, environment: dict[str, str], make_backup: MakeBackup
) -> None:
    make_backup()
    bare = f"{live}_bare"
    urls = {name: _named(environment[name], bare) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    try:
        done = _backup({**environment, **urls}, "restore", "newest", "--in-place", "--confirm", bare)
        assert done.returncode == 0, done.stderr[-2000:]
        with psycopg.connect(urls["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute("SELECT count(*) FROM accounts_user").fetchone() == (5,)
    finally:
        _admin(f'DROP DATABASE IF EXISTS "{bare}" WITH (FORCE)')


def test_an_old_database_goes_when_its_time_is_over(live: str, world: World, make_backup: MakeBackup) -> None:
    restore = _asked(world, make_backup().id, Mode.IN_PLACE)
    assert restore.run_id is not None
    runner.execute(restore.run_id)
    assert len(left_by(live)) == 1
    with psycopg.connect(_named(os.environ["DATABASE_OWNER_URL"], live)) as owner:
        owner.execute("UPDATE maintenance_restore SET keep_until = now() - interval '1 hour'")
    assert _drilled(world).state == "succeeded"
    assert left_by(live) == []
    assert Restore.objects.get(pk=restore.pk).keep_until is None
