"""The restored database takes the place of the live one, and gives it back."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from accounts.models import Session, User
from audit.models import Event
from maintenance import runner
from maintenance.errors import RestoreRunning
from maintenance.models import Backup, JobRun, Restore
from maintenance.restore import inspection, logins
from maintenance.services import restores
from portal.kit import context
from tests.factories import World, actor_of, person, signed_in
from tests.maintenance.restore.conftest import MakeBackup, left_by
from tests.maintenance.test_api import call

Mode = Restore.Mode
API = "/api/v1/admin"


def _begin(world: World, manifest_id: str, mode: Restore.Mode = Mode.IN_PLACE) -> Restore:
    actor = actor_of(world.admin)
    with context.acting(actor):
        return restores.restore_request(actor=actor, backup_id=manifest_id, mode=mode, confirm=logins.live_name())


def _fresh(restore: Restore) -> Restore:
    return Restore.objects.get(pk=restore.pk)


def test_in_place_brings_back_the_moment_of_the_backup_and_the_old_database_can_return(
    live: str, world: World, make_backup: MakeBackup, backups: Path
) -> None:
    signed_in(world.clerk)
    manifest = make_backup()
    late = person("Late")
    (backups.parent / "uploads" / "late.txt").write_text("late")
    restore = _begin(world, manifest.id)
    assert restore.run_id is not None
    runner.execute(restore.run_id)
    body = json.dumps({"confirm": live}).encode()

    run = JobRun.objects.get(pk=restore.run_id)
    assert (run.state, run.error) == ("succeeded", "")
    done = _fresh(restore)
    assert done.state == "swapped"
    assert logins.live_name() == live
    assert not User.objects.filter(pk=late.pk).exists()
    assert not Session.objects.exists()
    assert sorted(left_by(live)) == [done.old_database]
    assert not (backups.parent / "uploads" / "late.txt").exists()
    assert (backups.parent / "uploads" / "logos" / "a.png").read_bytes() == b"a picture"
    event = Event.objects.get(code="maintenance.restore.swapped")
    assert event.actor_id == world.admin.pk
    assert str(Backup.objects.get().pk) == done.safety_backup_id

    path = f"{API}/restores/{done.pk}/back"
    assert call(signed_in(world.admin), "POST", path, b'{"confirm": "steward?"}').status_code == 409
    assert call(signed_in(world.manager), "POST", path, body).status_code == 403
    asked = call(signed_in(world.admin), "POST", path, body)
    assert asked.status_code == 202, asked.content
    back = asked.json()["run_id"]
    runner.execute(UUID(back))
    assert JobRun.objects.get(pk=back).state == "succeeded", JobRun.objects.get(pk=back).error
    assert User.objects.filter(pk=late.pk).exists()
    assert _fresh(restore).state == "swapped_back"
    assert (backups.parent / "uploads" / "late.txt").read_text() == "late"
    assert left_by(live) == [done.database]
    assert not JobRun.objects.filter(state__in=JobRun.LIVE).exists()
    assert Event.objects.filter(code="maintenance.restore.swapped_back").count() == 1


def test_a_restored_database_stands_beside_is_put_in_place_later_or_dropped(
    live: str, world: World, make_backup: MakeBackup
) -> None:
    manifest = make_backup()
    late = person("Late")
    beside, unwanted = (_begin_and_run(world, manifest.id) for _ in range(2))
    assert (beside.state, unwanted.state) == ("ready", "ready")
    assert left_by(live) == sorted([beside.database, unwanted.database])
    assert User.objects.filter(pk=late.pk).exists()
    # Told in the trail of the database that was live then; the trail goes back with the rest.
    assert Event.objects.filter(code="maintenance.restore.finished", target_id=unwanted.pk).count() == 1
    actor = actor_of(world.admin)
    admin, path = signed_in(world.admin), f"{API}/restores/{beside.pk}/place"
    assert call(admin, "POST", path, b'{"confirm": "steward?"}').status_code == 409
    placed = call(admin, "POST", path, json.dumps({"confirm": live}).encode())
    assert placed.status_code == 202, placed.content
    with context.acting(actor), pytest.raises(RestoreRunning):
        restores.restore_begin(actor=actor, found=inspection.inspect(manifest.id), mode=Mode.SCRATCH)
    runner.execute(UUID(placed.json()["run_id"]))
    done = _fresh(beside)
    assert (done.state, done.database) == ("swapped", beside.database)
    assert not User.objects.filter(pk=late.pk).exists()
    admin = signed_in(world.admin)
    found = {one["name"]: one["kind"] for one in call(admin, "GET", f"{API}/databases").json()["items"]}
    assert found == {unwanted.database: "restore", done.old_database: "old"}
    for name, word in ((unwanted.database, live), (unwanted.database, ""), (live, live)):
        assert call(admin, "DELETE", f"{API}/databases/{name}?confirm={word}").status_code == 409
    for name in (unwanted.database, done.old_database):
        assert call(admin, "DELETE", f"{API}/databases/{name}?confirm={name}").status_code == 204
    assert call(admin, "GET", f"{API}/databases").json()["items"] == left_by(live) == []
    assert _fresh(unwanted).state == "dropped"
    dropped = Event.objects.filter(code="maintenance.restore.dropped").order_by("id")
    assert [event.data["kind"] for event in dropped] == ["restore", "old"]


def _begin_and_run(world: World, manifest_id: str) -> Restore:
    restore = _begin(world, manifest_id, Mode.SCRATCH)
    assert restore.run_id is not None
    runner.execute(restore.run_id)
    return _fresh(restore)
