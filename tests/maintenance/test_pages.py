"""Pages of upkeep: what a person sees and may press."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from maintenance import cleaning
from maintenance.models import Heartbeat, JobRun, ScheduleState
from maintenance.services import heartbeats, runs
from portal.kit import clock, context
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.test_kill import add_sessions

pytestmark = pytest.mark.django_db
NAME = "accounts.expired_sessions"
Browse = Callable[[User], Client]


def _run(who: User, **values: Any) -> JobRun:
    actor = actor_of(who)
    with context.acting(actor), writing():
        run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": NAME})
        JobRun.objects.filter(pk=run_id).update(**values)
    return JobRun.objects.get(pk=run_id)


def _text(client: Client, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200, url
    return reply.content.decode()


def test_a_cleanup_goes_from_preview_to_a_run_by_one_confirmation(world: World, browser_of: Browse) -> None:
    add_sessions(world.clerk, 8, expires_in=-timedelta(days=2))
    client = browser_of(world.admin)
    page = client.get(f"/platform/cleanups/{NAME}")
    assert page.context["preview"]["count"] == 8
    reply = client.post(f"/platform/cleanups/{NAME}", {"token": page.context["preview"]["token"]})
    run = JobRun.objects.get()
    assert reply.status_code == 302
    assert reply["Location"] == f"/platform/jobs/{run.pk}"
    assert run.args["cutoff"] == page.context["preview"]["cutoff"].isoformat()
    again = client.post(f"/platform/cleanups/{NAME}", {"token": page.context["preview"]["token"]})
    assert again["Location"] == f"/platform/jobs/{run.pk}"
    assert JobRun.objects.count() == 1


def test_a_confirmation_without_a_preview_deletes_nothing(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    for token in ("", "forged", "a" * 5000):
        assert client.post(f"/platform/cleanups/{NAME}", {"token": token}).status_code == 409
    assert not JobRun.objects.exists()
    assert client.get("/platform/cleanups/no.such").status_code == 404
    assert client.post("/platform/cleanups/no.such", {}).status_code == 404


@pytest.mark.parametrize("state", ["queued", "running", "cancelling", "succeeded", "failed", "cancelled"])
def test_the_job_page_tells_each_state_in_words(world: World, browser_of: Browse, state: str) -> None:
    ended = state in {"succeeded", "failed", "cancelled"}
    values: dict[str, Any] = {"state": state, "finished_at": clock.now() if ended else None}
    if state == "succeeded":
        values["result"] = {
            "deleted": 1234,
            "batches": 2,
            "busy_ms": 40,
            "cutoff": clock.now().isoformat(),
            "keys_sha256": "a" * 64,
            "left": 0,
        }
    if state == "failed":
        values |= {"error": "Upload the file again.", "error_id": "abc123"}
    if state == "running":
        values |= {"started_at": clock.now(), "done": 10, "total": 40, "log": [[clock.now().isoformat(), "Batch 1"]]}
    run = _run(world.admin, **values)
    client = browser_of(world.admin)
    page, live = _text(client, f"/platform/jobs/{run.pk}"), _text(client, f"/platform/jobs/{run.pk}/live")
    assert str(JobRun.State(state).label) in page
    assert ("data-done" in live) is ended
    for word in {
        "succeeded": ["1,234"],
        "failed": ["Upload the file again.", "abc123"],
        "running": ["10 of 40", "Batch 1"],
    }.get(state, []):
        assert word in live, word
    assert (f"/platform/jobs/{run.pk}/cancel" in page) is (state in {"queued", "running"})
    assert (f"/platform/jobs/{run.pk}/retry" in live) is (state in {"failed", "cancelled"})


def test_who_started_a_run_may_watch_it_and_strangers_may_not(world: World, browser_of: Browse) -> None:
    run = _run(world.admin)
    assert browser_of(world.manager).get(f"/platform/jobs/{run.pk}").status_code == 200
    assert browser_of(world.clerk).get(f"/platform/jobs/{run.pk}").status_code == 404
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run.pk).update(actor_id=world.clerk.pk)
    assert browser_of(world.clerk).get(f"/platform/jobs/{run.pk}").status_code == 200


def test_buttons_that_change_a_run_need_the_right_and_a_post(world: World, browser_of: Browse) -> None:
    run = _run(world.admin)
    for verb in ("cancel", "retry"):
        assert browser_of(world.manager).post(f"/platform/jobs/{run.pk}/{verb}").status_code == 403
        assert browser_of(world.admin).get(f"/platform/jobs/{run.pk}/{verb}").status_code == 405
    assert JobRun.objects.get(pk=run.pk).state == "queued"
    assert browser_of(world.admin).post(f"/platform/jobs/{run.pk}/cancel").status_code == 302
    assert JobRun.objects.get(pk=run.pk).state == "cancelled"
    assert browser_of(world.admin).post(f"/platform/jobs/{run.pk}/cancel").status_code == 409
    assert browser_of(world.admin).post(f"/platform/jobs/{run.pk}/retry").status_code == 302
    assert JobRun.objects.get(pk=run.pk).state == "queued"


def test_the_list_of_jobs_is_paged_filtered_and_costs_the_same_however_long(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    _run(world.admin)
    client.get("/platform/jobs")
    with CaptureQueriesContext(connection) as few:
        client.get("/platform/jobs")
    failed = {"state": "failed", "finished_at": clock.now()}
    for _ in range(60):
        _run(world.admin, **failed)
    with CaptureQueriesContext(connection) as many:
        first = client.get("/platform/jobs")
    assert len(many) == len(few) <= 8
    assert len(first.context["page"].items) == 50
    second = client.get("/platform/jobs" + first.context["page"].next_url)
    assert len(second.context["page"].items) == 11
    back = client.get("/platform/jobs" + second.context["page"].previous_url)
    assert [row.url for row in back.context["page"].items] == [row.url for row in first.context["page"].items]
    assert len(client.get("/platform/jobs?state=live").context["page"].items) == 1
    assert client.get("/platform/jobs?cursor=rubbish").status_code == 400
    assert len(client.get("/platform/jobs?state=rubbish").context["page"].items) == 50


def test_a_missing_worker_or_scheduler_is_said(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert "No worker is running" in _text(client, "/platform/jobs")
    assert "scheduler is not running" in _text(client, "/platform/schedules")
    with context.system("a test"):
        heartbeats.heartbeat_write(name="w", kind="worker")
        heartbeats.heartbeat_write(name="b", kind="beat")
    assert "No worker is running" not in _text(client, "/platform/jobs")
    assert "scheduler is not running" not in _text(client, "/platform/schedules")
    with clock.at(clock.now() + heartbeats.SILENT_AFTER):
        assert heartbeats.alive("worker") == 0
    with clock.at(clock.now() + heartbeats.FORGET_AFTER * 2), context.system("a test"):
        heartbeats.heartbeat_write(name="later", kind="worker")
    assert list(Heartbeat.objects.values_list("pk", flat=True)) == ["later"]


def test_a_schedule_is_switched_off_and_on_again(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert "Every night at 03:30" in _text(client, "/platform/schedules")
    assert client.post(f"/platform/schedules/{NAME}/switch", {"enabled": "0"}).status_code == 302
    assert not ScheduleState.objects.get(pk=NAME).enabled
    assert client.post(f"/platform/schedules/{NAME}/switch", {"enabled": "1"}).status_code == 302
    assert ScheduleState.objects.get(pk=NAME).enabled
    assert client.post("/platform/schedules/no.such/switch", {"enabled": "1"}).status_code == 404


def test_a_run_of_a_job_that_no_longer_exists_is_still_shown(world: World, browser_of: Browse) -> None:
    run = _run(world.admin, name="old.forgotten_job", args={}, state="succeeded", finished_at=clock.now())
    assert "old.forgotten_job" in _text(browser_of(world.admin), f"/platform/jobs/{run.pk}")
    assert "old.forgotten_job" in _text(browser_of(world.admin), "/platform/jobs")


def test_ids_of_nothing_are_not_found(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    for url in (f"/platform/jobs/{UUID(int=7)}", f"/platform/jobs/{UUID(int=7)}/live"):
        assert client.get(url).status_code == 404
