"""The jobs of backups, their pages and their API."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from maintenance import publisher, runner
from maintenance.backup.targets import Folder
from maintenance.models import Backup, JobRun
from maintenance.services import backups, runs
from portal.kit import clock, context, jobs, registry
from tests.factories import World
from tests.home.test_api_reference import DOCUMENT, fits
from tests.maintenance.backup.rows import catalogued, nights

Browse = Callable[[User], Client]
State = Backup.State
PAGES, API = "/platform/backups", "/api/v1/admin/backups"


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def done(run_id: UUID) -> JobRun:
    """Let a run happen, here."""
    runner.execute(run_id)
    return JobRun.objects.get(pk=run_id)


def queued(name: str, **args: Any) -> UUID:
    with context.system("a test") as current:
        return jobs.enqueue(name, actor=current.actor, args=args)


def test_a_night_makes_verifies_and_prunes(own_database: dict[str, str], folder: Folder) -> None:
    made = done(queued(backups.CREATE_JOB))
    assert made.state == JobRun.State.SUCCEEDED, made.error
    backup = Backup.objects.get()
    assert (backup.kind, backup.run_id) == (Backup.Kind.NIGHTLY, made.pk)
    assert made.result is not None
    assert made.result["bytes"] == backup.stored_bytes
    read = done(queued(backups.VERIFY_JOB))
    assert read.state == JobRun.State.SUCCEEDED, read.error
    backup.refresh_from_db()
    assert backup.verified_at is not None
    assert done(queued(backups.VERIFY_JOB)).result == {"verified": 0}
    pruned = done(queued(backups.PRUNE_JOB))
    assert pruned.result == {"kept": 1, "pruned": 0, "bytes": 0, "held": "", "failed": 0}
    assert "daily" in [reason["rule"] for reason in Backup.objects.get().kept_as]


def test_a_damaged_backup_fails_its_verification_with_the_place(own_database: dict[str, str], folder: Folder) -> None:
    done(queued(backups.CREATE_JOB))
    backup = Backup.objects.get()
    os.truncate(folder.path / str(backup.pk) / "data-01.dump", 400)
    run = done(queued(backups.VERIFY_JOB, backup=str(backup.pk)))
    assert run.state == JobRun.State.FAILED
    assert "data-01.dump is damaged at byte 400" in run.error


def test_a_run_that_is_cancelled_makes_nothing(
    own_database: dict[str, str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maintenance.backup.work.EVERY", 0.0)
    run_id = queued(backups.CREATE_JOB)
    kept = runs.run_save_progress

    def cancelling(*, claim: runs.Claim) -> str | None:
        with context.system("somebody else") as current:
            row = JobRun.objects.get(pk=run_id)
            if row.state == JobRun.State.RUNNING:
                runs.run_cancel(actor=current.actor, run=row)
        return kept(claim=claim)

    monkeypatch.setattr(runs, "run_save_progress", cancelling)
    assert done(run_id).state == JobRun.State.CANCELLED
    assert Backup.objects.get().state == State.FAILED
    assert not [path for path in folder.path.rglob("*") if path.is_file()]


def test_the_night_is_scheduled_in_its_order() -> None:
    crons = [registry.schedules.get(name).cron for name in (backups.CREATE_JOB, backups.VERIFY_JOB, backups.PRUNE_JOB)]
    assert crons == ["30 2 * * *", "50 2 * * *", "10 3 * * *"]


# --- Pages ---


@pytest.mark.django_db
def test_the_catalogue_says_what_would_be_lost_now(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    empty = client.get(PAGES).content.decode()
    assert "There is no verified backup yet" in empty
    nights(3)
    page = client.get(PAGES)
    assert page.context["late"] is False
    assert 3 * 3600 <= page.context["lost_seconds"] < 4 * 3600
    text = page.content.decode()
    assert "daily 2 of 7" in text
    assert "Size of each backup" in text


@pytest.mark.django_db
def test_an_old_newest_backup_is_told_on_the_page(world: World, browser_of: Browse) -> None:
    nights(2, until=clock.now() - timedelta(days=3))
    page = browser_of(world.admin).get(PAGES)
    assert page.context["late"] is True
    assert "The newest verified backup is old" in page.content.decode()


@pytest.mark.django_db
def test_more_backups_cost_no_more_queries(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)

    def cost(url: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    nights(2)
    client.get(PAGES)
    few = cost(PAGES)
    nights(18)
    assert cost(PAGES) == few <= 10


@pytest.mark.django_db
def test_each_state_has_a_page_that_tells_it(world: World, browser_of: Browse) -> None:
    client, moment = browser_of(world.admin), clock.now() - timedelta(hours=5)
    told = {
        "Being made": catalogued(moment, state=State.RUNNING),
        "Complete": catalogued(moment),
        "Not at every target": catalogued(moment, state=State.PARTIAL, missed={"s3://away": "It does not answer."}),
        "Failed": catalogued(moment, state=State.FAILED, error="No room is left."),
        "Missing": catalogued(moment, state=State.MISSING, damage="Its files are at none of the targets."),
        "Deleted": catalogued(moment, state=State.DELETED, deleted_at=clock.now()),
        "Damaged": catalogued(moment, damaged_at=clock.now(), damage="data-01.dump is damaged at byte 5"),
    }
    for word, backup in told.items():
        text = client.get(f"{PAGES}/{backup.pk}").content.decode()
        assert word in text
        assert (backup.error or backup.damage) in text
    assert client.get(f"{PAGES}/{uuid4()}").status_code == 404


@pytest.mark.django_db
def test_back_up_now_leads_to_the_job_and_twice_to_the_same(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    first, second = (client.post(f"{PAGES}/make")["Location"] for _ in range(2))
    run = JobRun.objects.get()
    assert first == second == f"/platform/jobs/{run.pk}"
    assert run.args == {"kind": "manual", "act": ""}


@pytest.mark.django_db
def test_a_backup_is_kept_verified_and_let_go_on_its_page(world: World, browser_of: Browse) -> None:
    client, backup = browser_of(world.admin), catalogued(clock.now() - timedelta(hours=5))
    page = f"{PAGES}/{backup.pk}"
    refused = client.post(f"{page}/pin", {"why": "The move", "until": "2020-01-01"})
    assert refused.status_code == 422
    assert "That day is past" in refused.content.decode()
    assert client.post(f"{page}/pin", {"why": ""}).status_code == 422
    assert Backup.objects.get().pinned_at is None
    assert client.post(f"{page}/pin", {"why": "The move"})["Location"] == page
    assert "The move" in client.get(page).content.decode()
    assert client.post(f"{page}/unpin")["Location"] == page
    assert Backup.objects.get().pinned_at is None
    client.post(f"{page}/verify")
    assert JobRun.objects.get().args == {"backup": str(backup.pk)}


@pytest.mark.django_db
def test_who_lacks_the_right_sees_and_starts_nothing(world: World, browser_of: Browse) -> None:
    backup = catalogued(clock.now() - timedelta(hours=5))
    before = Backup.objects.values().get()
    for who in (world.clerk, world.stranger, world.manager):
        client = browser_of(who)
        for url in (PAGES, f"{PAGES}/{backup.pk}", API, f"{API}/{backup.pk}"):
            assert client.get(url).status_code == 403
        for url in (f"{PAGES}/make", *(f"{PAGES}/{backup.pk}/{act}" for act in ("verify", "pin", "unpin"))):
            assert client.post(url, {"why": "x"}).status_code == 403
    assert Backup.objects.values().get() == before
    assert not JobRun.objects.exists()


# --- API ---


def answer(path: str, method: str, reply: Any) -> Any:
    """The body of a reply, which must be what the OpenAPI document says."""
    content = DOCUMENT["paths"][path][method]["responses"][str(reply.status_code)]["content"]
    body = reply.json()
    fits(next(iter(content.values()))["schema"], body)
    return body


@pytest.mark.django_db
def test_the_api_lists_reads_makes_verifies_and_keeps(world: World, browser_of: Browse) -> None:
    client, made = browser_of(world.admin), nights(3)
    one, path = f"{API}/{made[0].pk}", f"{API}/{{backup_id}}"
    listed = answer(API, "get", client.get(API, {"limit": "2", "state": "kept"}))
    assert [item["id"] for item in listed["items"]] == [str(backup.pk) for backup in made[:2]]
    assert listed["next_cursor"]
    read = answer(path, "get", client.get(one))
    assert read["tables"]["public.accounts_user"] == 120433
    run = answer(API, "post", client.post(API, {"note": "The move"}, content_type="application/json"))
    assert JobRun.objects.get(pk=run["run_id"]).args == {"kind": "manual", "act": "The move"}
    reading = answer(f"{path}/verify", "post", client.post(f"{one}/verify", content_type="application/json"))
    assert JobRun.objects.get(pk=reading["run_id"]).args == {"backup": str(made[0].pk)}
    kept = client.post(f"{one}/pin", {"why": "The move", "until": "2099-12-31"}, content_type="application/json")
    assert answer(f"{path}/pin", "post", kept)["pinned_until"] == "2099-12-31"
    assert answer(f"{path}/pin", "delete", client.delete(f"{one}/pin"))["pinned_why"] is None


@pytest.mark.django_db
def test_what_is_gone_is_neither_verified_nor_kept_over_the_api(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    gone = catalogued(clock.now() - timedelta(days=40), state=State.DELETED, deleted_at=clock.now())
    for act, body in (("verify", {}), ("pin", {"why": "The move"})):
        reply = client.post(f"{API}/{gone.pk}/{act}", body, content_type="application/json")
        assert (reply.status_code, reply.json()["code"]) == (409, "maintenance.backup_without_manifest")
    assert not JobRun.objects.exists()
