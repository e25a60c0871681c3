"""Pages and endpoints of restores and drills: who may do what, and what a refusal leaves as it was."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from maintenance import publisher
from maintenance.models import Drill, JobRun, Restore
from maintenance.restore import inspection, logins
from maintenance.selectors import restores as selectors
from portal.kit import clock
from tests.factories import World, actor_of
from tests.maintenance.backup.rows import catalogued
from tests.maintenance.restore.rows import as_inspected, drilled, restored

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    monkeypatch.setattr(inspection, "inspect", as_inspected)


def test_the_page_measures_what_a_disaster_would_cost(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    empty = client.get("/platform/restores")
    assert "Everything" in empty.content.decode()
    catalogued(clock.now() - timedelta(hours=5))
    for night in range(1, 31):
        drilled(clock.now() - timedelta(days=night), seconds=float(night))
    drilled(clock.now() - timedelta(days=60), seconds=5_000.0)
    page = client.get("/platform/restores")
    measured = page.context["measured"]
    assert measured.takes == 29.0  # The 95th percentile of 1 to 30; the slow one is older than the last 30.
    assert (measured.lost_late, measured.takes_late) == (False, False)
    assert measured.lost is not None
    assert measured.lost.total_seconds() == pytest.approx(5 * 3600, abs=60)
    with clock.at(clock.now() + timedelta(hours=20)):
        assert selectors.recovery(actor_of(world.admin)).lost_late
    drilled(clock.now(), seconds=16 * 60.0, bytes=1_000_000_000)
    drilled(clock.now(), seconds=17 * 60.0, bytes=1_000_000_000)
    late = selectors.recovery(actor_of(world.admin))
    assert late.takes_late
    assert late.per_gigabyte == 16 * 60.0


def test_more_drills_cost_no_more_queries(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    drilled(clock.now())
    client.get("/platform/restores")
    with CaptureQueriesContext(connection) as few:
        client.get("/platform/restores")
    for night in range(40):
        drilled(clock.now() - timedelta(days=night))
    with CaptureQueriesContext(connection) as many:
        client.get("/platform/restores")
    assert len(many) == len(few)
    assert len(many) <= 10


def test_in_place_wants_the_name_of_the_live_database(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    url = f"/platform/backups/{catalogued(clock.now()).pk}/restore"
    assert logins.live_name() in client.get(url).content.decode()
    for typed in ("", "steward?"):
        refused = client.post(url, {"mode": "in_place", "confirm_word": typed})
        assert refused.status_code == 422
        assert "Nothing was changed" in refused.content.decode()
    assert not Restore.objects.exists()
    assert not JobRun.objects.exists()
    queued = client.post(url, {"mode": "in_place", "confirm_word": logins.live_name()})
    restore, run = Restore.objects.get(), JobRun.objects.get()
    assert queued["Location"] == f"/platform/jobs/{run.pk}"
    assert (restore.mode, restore.state, restore.run_id) == ("in_place", "running", run.pk)
    assert Event.objects.filter(code="maintenance.restore.started", target_id=restore.pk).count() == 1


def test_a_second_restore_at_once_is_refused(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    url = f"/platform/backups/{catalogued(clock.now()).pk}/restore"
    assert client.post(url, {"mode": "scratch"}).status_code == 302
    refused = client.post(url, {"mode": "scratch"})
    assert refused.status_code == 422
    assert "Wait until it has finished" in refused.content.decode()
    assert (Restore.objects.count(), JobRun.objects.count()) == (1, 1)


def test_a_backup_that_cannot_be_restored_here_is_said_and_offers_no_button(
    world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "It was made by a newer version."
    monkeypatch.setattr(inspection, "inspect", lambda backup_id: as_inspected(backup_id, refusals=[sentence]))
    client = browser_of(world.admin)
    url = f"/platform/backups/{catalogued(clock.now()).pk}/restore"
    page = client.get(url).content.decode()
    assert sentence in page
    assert "Restore beside" not in page
    assert client.post(url, {"mode": "scratch"}).status_code == 422
    assert not Restore.objects.exists()


def test_a_restore_whose_worker_died_for_good_does_not_hold_up_the_next(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    url = f"/platform/backups/{catalogued(clock.now()).pk}/restore"
    client.post(url, {"mode": "scratch"})
    JobRun.objects.get()
    dead = Restore.objects.get()
    client.post(f"/platform/jobs/{dead.run_id}/cancel")
    assert client.post(url, {"mode": "scratch"}).status_code == 302
    dead.refresh_from_db()
    assert (dead.state, Restore.objects.count()) == ("failed", 2)
    assert Event.objects.filter(code="maintenance.restore.failed", target_id=dead.pk).count() == 1


@pytest.mark.parametrize(("state", "url"), [("ready", "place"), ("swapped", "back")])
def test_swapping_needs_the_name_and_a_database_that_is_there(
    world: World, browser_of: Browse, state: str, url: str
) -> None:
    client = browser_of(world.admin)
    restore = restored(clock.now(), state=state, old_database="steward_old_20260131020241")
    assert client.get(f"/platform/restores/{restore.pk}").status_code == 200
    assert client.post(f"/platform/restores/{restore.pk}/{url}", {"confirm_word": "no"}).status_code == 422
    if url == "back":
        gone = client.post(f"/platform/restores/{restore.pk}/back", {"confirm_word": logins.live_name()})
        assert gone.status_code == 409
    assert not JobRun.objects.exists()


def test_only_what_a_restore_left_can_be_dropped(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    live = logins.live_name()
    for name in (live, "postgres", "steward_restore_not_there"):
        assert client.post("/platform/restores/drop", {"name": name, "confirm_word": name}).status_code == 409
    assert client.post("/platform/restores/drop", {"name": live, "confirm_word": "x"}).status_code == 409
    assert not Event.objects.filter(code="maintenance.restore.dropped").exists()


def test_a_drill_is_queued_once_however_often_the_button_is_pressed(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    first = client.post("/platform/drills/now")
    assert client.post("/platform/drills/now")["Location"] == first["Location"]
    assert JobRun.objects.get().name == "maintenance.drill_restore"


def test_whoever_may_only_make_backups_or_nothing_restores_nothing(world: World, browser_of: Browse) -> None:
    backup, drill = catalogued(clock.now()), drilled(clock.now())
    for who in (world.manager, world.clerk, world.stranger):
        client = browser_of(who)
        for url in ("/platform/restores", f"/platform/drills/{drill.pk}", f"/platform/backups/{backup.pk}/restore"):
            assert client.get(url).status_code == 403
        assert client.post(f"/platform/backups/{backup.pk}/restore", {"mode": "scratch"}).status_code == 403
        assert client.post("/platform/drills/now").status_code == 403
    assert not Restore.objects.exists()
    assert not JobRun.objects.exists()


def test_a_failed_drill_is_told_on_top_of_the_page(world: World, browser_of: Browse) -> None:
    drilled(clock.now(), state=Drill.State.FAILED, seconds=None, error="data-01.dump is damaged at byte 9.")
    page = browser_of(world.admin).get("/platform/restores").content.decode()
    assert "The last drill failed." in page
    assert "damaged at byte 9" in page
