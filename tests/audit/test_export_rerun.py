"""Exports whose worker dies: the next one goes on, and there is one whole file or none."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from audit import files, filters
from audit.models import Event, Export
from audit.services import exports
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import context
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.audit.test_exports import folder, large, planted, table
from tests.factories import World, actor_of
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

State = Export.State


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)


def asked(user: User) -> Export:
    """An export of the planted events, committed."""
    with context.acting(actor_of(user)) as now:
        now.platform = True
        return exports.export_request(actor=now.actor, chosen=filters.parse({"request_id": "many"}), kind="csv")


def fetched(user: User, export: Export) -> bytes:
    """Its file, as the person gets it."""
    with context.acting(actor_of(user)) as now:
        now.platform = True
        with behind_the_wall(), exports.export_download(actor=now.actor, export=export) as stream:
            return stream.read()


class Dies(BaseException):
    """The worker is gone between two statements."""


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_rerun_goes_on_where_the_last_commit_was(
    own_database: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    ids = planted(13)
    large(monkeypatch)
    export = asked(world.admin)
    assert export.run_id is not None
    writes, calls = files.Part.append, []

    def append(self: files.Part, lines: bytes) -> int:
        size = writes(self, lines)
        calls.append(size)
        if len(calls) == at:
            raise Dies  # Its lines are on the disk; the batch is not committed.
        return size

    monkeypatch.setattr(files.Part, "append", append)
    with pytest.raises(Dies):
        runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, export.file) == (State.WORKING, "")
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("UPDATE maintenance_job_run SET lease_until = now() - interval '1 minute'")
    runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, 13)
    content = fetched(world.admin, export)
    assert [row["id"] for row in table(content)] == ids
    assert sha256(content).hexdigest() == export.sha256


@pytest.mark.usefixtures("own_folder")
def test_a_rerun_whose_file_is_gone_starts_anew(
    own_database: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files.Part.copy

    def copy(self: files.Part, name: str, size: int) -> bool:
        files.remove(name)
        return real(self, name, size)

    monkeypatch.setattr(files.Part, "copy", copy)
    test_a_rerun_goes_on_where_the_last_commit_was(own_database, world, monkeypatch, 3)


PAST = 40_000


def many_events(number: int) -> None:
    """So many events of the last days, written as one statement."""
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind, request_id) "
            "SELECT (substr(audit_first_id(moment)::text, 1, 19) || '8' || substr(md5(g::text), 1, 3) || '-' || "
            "substr(md5(g::text), 4, 12))::uuid, moment, 'accounts.user.updated', 'administration', 'info', 'ok', "
            "'system', 'many' FROM (SELECT g, now() - make_interval(secs => g) AS moment "
            "FROM generate_series(1, %s) g) AS past",
            [number],
        )


@pytest.mark.kill
def test_a_killed_worker_leaves_no_half_file_and_the_next_makes_a_whole_one(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    many_events(PAST)
    export = asked(world.admin)
    assert export.run_id is not None
    run_id = export.run_id
    first = start_worker(STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: fresh(run_id).done >= exports.BATCH, what="the first batches", tick=dispatch)
    first.kill()
    at_kill = fresh(run_id)
    assert at_kill.state == "running"
    assert at_kill.done < PAST, "the worker finished before it could be killed"
    export.refresh_from_db()
    assert (export.state, export.file) == (State.WORKING, "")
    assert folder(), "a part lies there, and nobody is offered it"

    start_worker(STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: not fresh(run_id).is_live, what="the second worker", tick=dispatch)
    run = fresh(run_id)
    assert (run.state, run.attempts, run.done) == ("succeeded", 2, PAST)
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, PAST)
    content = fetched(world.admin, export)
    assert sha256(content).hexdigest() == export.sha256
    ids = [row["id"] for row in table(content)]
    assert len(set(ids)) == len(ids) == PAST
    assert ids == sorted(ids, reverse=True)
    assert Event.objects.filter(code="audit.export.finished").count() == 1
    assert JobRun.objects.filter(name=exports.JOB).count() == 1
