"""Exports: what is in the file, who gets it, and that a file is whole or not there."""

import csv
import errno
import io
import os
import stat
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from audit import files, filters, formats, personal, selectors
from audit.errors import ExportGone, ExportNotWritten, ExportsUnderWay
from audit.models import Event, Export
from audit.services import exports
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, errors
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.audit.support import CODE, ago, count_of, newest, plant, told_of, unsaved
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)


def folder() -> list[Path]:
    """The files that lie in the folder of exports."""
    there = settings.STEWARD_VAR / "exports"
    return sorted(there.iterdir()) if there.exists() else []


def asked(user: User, query: Mapping[str, str] | None = None, kind: str = "csv") -> Export:
    """An export that `user` asked for, on the platform."""
    with context.acting(actor_of(user)) as now:
        now.platform = True
        return exports.export_request(actor=now.actor, chosen=filters.parse(query or {}), kind=kind)


def fetched(user: User, export: Export) -> bytes:
    """Its file, as the person gets it."""
    with context.acting(actor_of(user)) as now, exports.export_download(actor=now.actor, export=export) as stream:
        return stream.read()


def table(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def large(monkeypatch: pytest.MonkeyPatch, batch: int = 5) -> None:
    """Let a handful of events be too many to write while the person waits."""
    monkeypatch.setattr(exports, "AT_ONCE", 3)
    monkeypatch.setattr(exports, "BATCH", batch)


def planted(number: int, **values: Any) -> list[str]:
    """So many events of one request, newest first."""
    return [str(plant(ago(minutes=index + 1), request_id="many", **values)) for index in range(number)]


def test_a_small_export_is_ready_at_once_and_whole(world: World) -> None:
    ids = planted(3)
    export = asked(world.admin, {"request_id": "many"})
    assert (export.state, export.rows, export.run_id) == (State.READY, 3, None)
    content = fetched(world.admin, export)
    assert [row["id"] for row in table(content)] == ids
    assert (export.size, export.sha256) == (len(content), sha256(content).hexdigest())
    assert JobRun.objects.count() == 0


def test_json_lines_hold_what_the_api_says(world: World) -> None:
    told_of(world.clerk, {"is_active": (True, False)}, by=actor_of(world.manager))
    event = newest()
    export = asked(world.admin, {"target": str(world.clerk.pk), "code": CODE}, "jsonl")
    (line,) = fetched(world.admin, export).splitlines()
    body = orjson.loads(line)
    assert body["id"] == str(event.id)
    assert body["actor"]["label"] == str(world.manager)
    assert [change["field"] for change in body["changes"]] == ["is_active"]


def test_an_empty_export_is_a_file_with_its_heading(world: World) -> None:
    export = asked(world.admin, {"code": "no.such.code"})
    content = fetched(world.admin, export)
    assert content.decode("utf-8-sig").strip() == ",".join(formats.COLUMNS)
    assert export.rows == 0


def test_the_file_is_private(world: World) -> None:
    asked(world.admin)
    (path,) = folder()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_a_cell_is_never_a_formula(world: World, start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    planted(1, target_type="x", target_label=evil, reason=evil, agent=evil)
    content = fetched(world.admin, asked(world.admin, {"request_id": "many"}))
    (row,) = table(content)
    assert [row["target"], row["reason"], row["agent"]] == [f"'{evil}"] * 3


def test_secrets_are_masked_and_personal_data_are_there_while_their_key_lives(world: World) -> None:
    changes = {"password": ("old-secret", "new-secret"), "name": ("Nora Berg", "Nora Quist")}
    person = unsaved("Nora Quist")
    told_of(person, changes)
    content = fetched(world.admin, asked(world.admin, {"target": str(person.pk)}))
    assert b"secret" not in content
    assert b"Nora Berg" in content
    _erase(person)
    content = fetched(world.admin, asked(world.admin, {"target": str(person.pk)}))
    assert b"Nora" not in content
    assert table(content)[0]["erased"] == "True"


def _erase(person: User) -> None:
    with context.system("an erasure"), writing(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_personal_key_destroy(%s, %s)", [person.pk, clock.now()])
    personal.forget_everything()


def test_a_file_made_before_an_erasure_is_not_handed_out_after_it(world: World) -> None:
    person = unsaved("Nora Quist")
    told_of(person)
    export = asked(world.admin)
    _erase(person)
    before = count_of("audit.export.downloaded")
    with pytest.raises(ExportGone):
        fetched(world.admin, export)
    assert count_of("audit.export.downloaded") == before
    assert b"Nora" not in fetched(world.admin, asked(world.admin))


def test_asking_and_fetching_are_recorded_without_names(world: World) -> None:
    planted(2)
    export = asked(world.admin, {"actor": world.clerk.email})
    fetched(world.admin, export)
    for code in ("audit.export.requested", "audit.export.finished", "audit.export.downloaded"):
        event = Event.objects.get(code=code)
        assert (event.target_id, event.actor_id) == (export.pk, world.admin.pk)
        assert world.clerk.email not in str(event.data)
    asked_for = Event.objects.get(code="audit.export.requested")
    assert asked_for.data["filters"] == "actor"
    assert asked_for.data["filter_sha256"] == sha256(f"actor={world.clerk.email}".encode()).hexdigest()
    assert Event.objects.get(code="audit.export.finished").data["sha256"] == export.sha256


@pytest.mark.parametrize("name", ["manager", "clerk", "stranger"])
def test_without_the_right_nothing_is_exported(world: World, name: str) -> None:
    with pytest.raises(errors.Forbidden):
        asked(getattr(world, name))
    assert (Export.objects.count(), JobRun.objects.count(), folder()) == (0, 0, [])
    assert count_of("audit.export.requested") == 0


def test_an_export_is_its_askers_alone(world: World) -> None:
    export = asked(world.admin)
    for call in (exports.export_download, exports.export_cancel):
        with pytest.raises(errors.NotFound), context.acting(actor_of(world.root)) as now:
            call(actor=now.actor, export=export)
    assert selectors.exports(actor_of(world.root)).count() == 0
    assert count_of("audit.export.downloaded") == 0


def test_who_lost_the_right_fetches_nothing_more(world: World) -> None:
    export = asked(world.admin)
    with pytest.raises(errors.Forbidden), context.acting(actor_of(world.manager)) as now:
        exports.export_download(actor=now.actor, export=export)


@pytest.mark.parametrize("kind", ["", "xlsx", "../csv", "CSV"])
def test_an_unknown_format_is_refused(world: World, kind: str) -> None:
    with pytest.raises(errors.Invalid):
        asked(world.admin, kind=kind)
    assert (Export.objects.count(), folder()) == (0, [])


def test_a_day_later_it_is_gone(world: World) -> None:
    export = asked(world.admin)
    with clock.at(clock.now() + exports.KEEP), pytest.raises(ExportGone):
        fetched(world.admin, export)


def test_a_file_that_is_not_as_long_as_written_down_is_not_handed_out(world: World) -> None:
    export = asked(world.admin)
    (path,) = folder()
    with path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(ExportGone):
        fetched(world.admin, export)
    path.unlink()
    with pytest.raises(ExportGone):
        fetched(world.admin, export)


def test_events_that_come_later_are_not_in_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = planted(8)
    large(monkeypatch)
    export = asked(world.admin, {"request_id": "many"})
    plant(ago(seconds=-60), request_id="many")
    runner.execute(export.run_id)  # type: ignore[arg-type]
    export.refresh_from_db()
    assert [row["id"] for row in table(fetched(world.admin, export))] == ids


@pytest.mark.parametrize("number", [5, 8, 10])
def test_a_large_export_is_a_job_with_the_same_file(world: World, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    ids = planted(number)
    small = fetched(world.admin, asked(world.admin, {"request_id": "many"}))
    large(monkeypatch)
    export = asked(world.admin, {"request_id": "many"})
    assert export.state == State.WORKING
    with pytest.raises(ExportGone):
        fetched(world.admin, export)
    assert export.run_id is not None
    runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, number)
    content = fetched(world.admin, export)
    assert content == small
    assert len(table(content)) == len(ids)
    run = JobRun.objects.get(pk=export.run_id)
    assert (run.state, run.done) == ("succeeded", number)
    assert run.result is not None
    assert run.result["sha256"] == export.sha256


def test_no_more_than_three_are_under_way_for_one_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(5)
    large(monkeypatch)
    for _ in range(exports.LIVE_LIMIT):
        asked(world.admin)
    with pytest.raises(ExportsUnderWay):
        asked(world.admin)
    assert JobRun.objects.count() == exports.LIVE_LIMIT
    asked(world.root)


def test_a_cancelled_export_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(8)
    large(monkeypatch)
    export = asked(world.admin)
    with context.acting(actor_of(world.admin)) as now:
        exports.export_cancel(actor=now.actor, export=export)
        exports.export_cancel(actor=now.actor, export=export)
    assert count_of("audit.export.cancelled") == 1
    assert export.run_id is not None
    runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, export.file, folder()) == (State.CANCELLED, "", [])


def test_cancelled_in_the_middle_it_stops_at_the_next_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(20)
    large(monkeypatch)
    export = asked(world.admin)
    writes = files.Part.append

    def append(self: files.Part, lines: bytes) -> int:
        with context.acting(actor_of(world.admin)) as now:
            exports.export_cancel(actor=now.actor, export=export)
        return writes(self, lines)

    monkeypatch.setattr(files.Part, "append", append)
    assert export.run_id is not None
    runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, folder()) == (State.CANCELLED, [])
    assert JobRun.objects.get(pk=export.run_id).result == {"written": False}


def _full(monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Let the disk be full after so many writes."""
    real, calls = os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_full_disk_leaves_nothing_of_a_small_export(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _full(monkeypatch, after=0)
    with pytest.raises(ExportNotWritten):
        asked(world.admin)
    assert (Export.objects.count(), folder()) == (0, [])
    assert count_of("audit.export.requested") == 0


def test_a_full_disk_ends_a_large_export_and_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(20)
    large(monkeypatch)
    export = asked(world.admin)
    _full(monkeypatch, after=2)
    assert export.run_id is not None
    runner.execute(export.run_id)
    export.refresh_from_db()
    assert (export.state, export.file, folder()) == (State.FAILED, "", [])
    run = JobRun.objects.get(pk=export.run_id)
    assert run.state == "failed"
    assert "disk" in run.error
    assert count_of("audit.export.finished") == 0


def test_old_exports_go_with_their_files_and_litter_goes_too(world: World) -> None:
    old = asked(world.admin)
    (old_file,) = folder()
    with clock.at(clock.now() + timedelta(hours=20)):
        young = asked(world.admin)
    litter = old_file.with_name("left-behind.csv")
    litter.write_bytes(b"x")
    fresh = old_file.with_name("being-written.csv")
    fresh.write_bytes(b"x")
    past = clock.now().timestamp()
    os.utime(litter, (past, past))
    with clock.at(clock.now() + timedelta(hours=25)):
        now = clock.now().timestamp()
        os.utime(fresh, (now, now))
        with context.system("a test") as current:
            assert exports.exports_remove(actor=current.actor) == 1
            assert exports.exports_remove(actor=current.actor) == 0
    assert not Export.objects.filter(pk=old.pk).exists()
    assert Export.objects.filter(pk=young.pk).exists()
    assert {path.name for path in folder()} == {young.file, fresh.name}
    event = Event.objects.get(code="audit.export.removed")
    assert event.target_id == old.pk


def test_removing_is_for_administrators(world: World) -> None:
    asked(world.admin)
    with clock.at(clock.now() + timedelta(days=2)), pytest.raises(errors.Forbidden):
        exports.exports_remove(actor=actor_of(world.manager))
    assert len(folder()) == 1


@pytest.mark.parametrize("name", ["../secrets/secret_key", "/etc/passwd", "..", "a/b"])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        files.path_of(name)


def test_in_an_organisation_only_its_events_are_exported(world: World) -> None:
    here = uuid4()
    inside = str(plant(ago(minutes=1), organisation_id=here, request_id="many"))
    planted(3)
    inside_actor = Actor("system", None, "system", here)
    with context.acting(inside_actor):
        export = exports.export_request(actor=inside_actor, chosen=filters.parse({"request_id": "many"}), kind="csv")
    assert export.organisation_id == here
    with files.path_of(export.file).open("rb") as stream:
        assert [row["id"] for row in table(stream.read())] == [inside]
