"""Pages and reports of clean-ups: what a person sees, confirms and takes away."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from accounts.models import Session, User
from audit.models import Event
from maintenance import cleaning, runner
from maintenance.models import JobRun, SizeSample
from maintenance.selectors import sizes
from maintenance.services import runs
from maintenance.services.sizes import sizes_sample
from portal.kit import clock, context, registry
from portal.kit.registry import Cleanup
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.cleaning_support import ran
from tests.maintenance.test_kill import add_sessions

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
SESSIONS = "accounts.expired_sessions"
BASE = "/platform/cleanups"


def _finished(world: World, number: int = 1, **values: Any) -> list[JobRun]:
    actor = actor_of(world.admin)
    found = []
    with context.acting(actor), writing():
        for place in range(number):
            run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": SESSIONS})
            result = {
                "cleanup": SESSIONS,
                "unit": "rows",
                "deleted": 1200 + place,
                "batches": 2,
                "busy_ms": 31,
                "cutoff": clock.now().isoformat(),
                "keys_sha256": "ab" * 32,
                "left": 0,
                "rows_before": 2000,
                "rows_after": 800,
                "bytes_before": 900_000,
                "bytes_after": 900_000,
                "bytes": 540_000,
                "returned": 0,
                "reusable": 540_000,
            }
            now = clock.now()
            given = {"state": "succeeded", "started_at": now, "finished_at": now, "result": result} | values
            JobRun.objects.filter(pk=run_id).update(**given)
            found.append(JobRun.objects.get(pk=run_id))
    return found


def test_the_seven_are_on_the_page_each_with_its_preview(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    page = client.get(BASE)
    names = [kind["name"] for kind in page.context["kinds"]]
    assert names == list(cleaning.CATEGORIES)
    assert len(names) == 6
    shown = {member["url"].rpartition("/")[2] for kind in page.context["kinds"] for member in kind["members"]}
    assert shown == {spec.name for spec in registry.cleanups}
    for name in [*names, "all", *shown]:
        assert client.get(f"{BASE}/{name}").status_code == 200, name
    assert not JobRun.objects.exists()


def test_another_age_is_counted_anew_and_one_below_the_floor_is_refused_with_the_reason(
    world: World, browser_of: Browse
) -> None:
    add_sessions(world.clerk, 4, expires_in=-timedelta(hours=50))
    add_sessions(world.clerk, 2, expires_in=-timedelta(hours=5))
    client = browser_of(world.admin)
    assert client.get(f"{BASE}/{SESSIONS}").context["preview"]["count"] == 6
    aged = client.get(f"{BASE}/{SESSIONS}", {"older_than_hours": "48"})
    assert aged.context["preview"]["count"] == 4
    client.post(f"{BASE}/{SESSIONS}", {"token": aged.context["preview"]["token"]})
    runner.execute(JobRun.objects.get().pk)
    assert Session.objects.filter(user=world.clerk).count() == 2
    for hours in ("1", "-1", "x", "9999999", "٣"):
        reply = client.get(f"{BASE}/maintenance.stale_uploads", {"older_than_hours": hours})
        assert reply.status_code == 422, hours
        assert reply.context["preview_problem"]


def test_everything_is_asked_for_twice_and_then_by_its_word(world: World, browser_of: Browse) -> None:
    add_sessions(world.clerk, 3, expires_in=-timedelta(days=2))
    client = browser_of(world.admin)
    aged = client.get(f"{BASE}/all", {"older_than_hours": "72"}).context["token"]
    assert "3 rows" not in client.post(f"{BASE}/all", {"token": aged}).content.decode()
    token = client.get(f"{BASE}/all").context["token"]
    asked = client.post(f"{BASE}/all", {"token": token})
    assert asked.status_code == 200
    assert "3 rows" in asked.content.decode()
    assert client.post(f"{BASE}/all", {"token": "forged"}).status_code == 409
    assert "second and last question" in asked.content.decode()
    for word in ("", "all", "Everything"):
        assert client.post(f"{BASE}/all", {"token": token, "confirm_word": word}).status_code == 422
    assert not JobRun.objects.exists()
    reply = client.post(f"{BASE}/all", {"token": token, "confirm_word": "everything"})
    run = JobRun.objects.get()
    assert reply["Location"] == f"/platform/jobs/{run.pk}"
    runner.execute(run.pk)
    page = client.get(f"/platform/jobs/{run.pk}").content.decode()
    assert "Clean-up: everything" in page
    assert "3 rows deleted" in page


def test_a_kind_is_run_by_one_confirmation(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    token = client.get(f"{BASE}/temp-files").context["token"]
    assert client.post(f"{BASE}/temp-files", {"token": token}).status_code == 302
    assert JobRun.objects.get().args["group"] == "temp-files"
    assert client.post(f"{BASE}/no-such-kind", {"token": token}).status_code == 404
    assert client.post(f"{BASE}/expired-sessions", {"token": token}).status_code == 409
    assert JobRun.objects.count() == 1


def test_where_more_than_usual_would_go_the_name_has_to_be_typed(
    world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec: Cleanup = registry.cleanups.get("maintenance.finished_jobs")
    ended = clock.now() - timedelta(days=100)
    with context.system("a test"), writing():
        JobRun.objects.bulk_create(
            JobRun(name="old", actor_kind="system", state="succeeded", finished_at=ended) for _ in range(1100)
        )
    client = browser_of(world.admin)
    page = client.get(f"{BASE}/{spec.name}")
    assert page.context["preview"]["guarded"]
    assert page.context["confirm_word"] == spec.name
    token = page.context["preview"]["token"]
    assert client.post(f"{BASE}/{spec.name}", {"token": token}).status_code == 422
    assert not JobRun.objects.filter(name=cleaning.JOB).exists()
    assert client.post(f"{BASE}/{spec.name}", {"token": token, "confirm_word": spec.name}).status_code == 302


def test_the_history_costs_the_same_however_long_it_is(world: World, browser_of: Browse) -> None:
    _finished(world)
    client = browser_of(world.admin)
    url = f"{BASE}/history?cleanup={SESSIONS}"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    _finished(world, 60)
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(many) == len(few) <= 8
    assert len(page.context["page"].items) == 50
    assert "1,259 rows" in page.content.decode()
    assert client.get(f"{BASE}/history?cleanup=no.such").status_code == 404
    assert client.get(f"{BASE}/history?cursor=rubbish").status_code == 400


def test_the_history_shows_timeline_sizes_and_what_is_past_its_time(
    world: World, browser_of: Browse, settings: Settings, tmp_path: Any
) -> None:
    settings.STEWARD_TEMP_PATH = tmp_path
    settings.STEWARD_VAR = settings.MEDIA_ROOT = tmp_path / "others"  # Exports and uploads of other tests lie there.
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(b"x" * 200_000)
    _finished(world)
    with context.system("a test") as current:
        for days in (2, 1, 0):
            with clock.at(clock.now() - timedelta(days=days)):
                sizes_sample(actor=current.actor)
    page = browser_of(world.admin).get(f"{BASE}/history")
    titles = [chart["title"] for chart in page.context["charts"]] + [rank["title"] for rank in page.context["ranks"]]
    assert titles == ["Timeline", "Size of the database", "Temporary files", "Largest tables", "Past its time"]
    assert page.context["totals"]["deleted"] == 1200
    assert dict(sizes.temp_files_by_size())["< 10 kB"] == 1
    assert dict(sizes.temp_files_by_size())["< 1 MB"] == 1
    assert "audit_event" in page.content.decode()


def test_sizes_are_sampled_once_a_day_and_written_over(world: World) -> None:
    with context.system("a test") as current:
        first = sizes_sample(actor=current.actor)
        assert sizes_sample(actor=current.actor) == first
    assert SizeSample.objects.count() == first + 1
    parts = SizeSample.objects.get(table="audit_event")
    assert parts.bytes > 0
    assert not SizeSample.objects.filter(table__startswith="audit_event_").exists()
    with context.acting(actor_of(world.admin)):
        assert sizes.database_by_day(actor_of(world.admin), 30)[0][1] > parts.bytes
        assert sizes.database_by_day(actor_of(world.stranger), 30) == []


# --- files ---


def test_the_report_of_a_run_is_a_pdf_that_reads_back(world: World, browser_of: Browse) -> None:
    run = _finished(world)[0]
    reply = browser_of(world.admin).get(f"{BASE}/runs/{run.pk}/report.pdf")
    assert reply["Content-Type"] == "application/pdf"
    assert reply["Content-Disposition"] == f'attachment; filename="clean-up-{run.pk.hex[-8:]}.pdf"'
    reader = PdfReader(io.BytesIO(reply.content))
    text = " ".join(reader.pages[0].extract_text().split())
    for words in ("Clean-up: Expired sessions", "1,200 rows", "540 kB", "Page 1 of 1", str(run.pk), "Admin"):
        assert words in text, words
    assert reader.metadata is not None
    assert reader.metadata.title == "Clean-up: Expired sessions"
    event = Event.objects.get(code="maintenance.cleanup.exported")
    assert (event.data["format"], event.data["run"]) == ("pdf", str(run.pk))


def test_the_history_as_pdf_goes_over_pages_with_numbers(world: World, browser_of: Browse) -> None:
    _finished(world, 70)
    reader = PdfReader(io.BytesIO(browser_of(world.admin).get(f"{BASE}/history.pdf").content))
    assert len(reader.pages) > 1
    last = reader.pages[-1].extract_text()
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in last
    assert all("Removed" in page.extract_text() for page in reader.pages)


def test_the_history_as_csv_is_whole_and_harmless_in_a_spreadsheet(world: World, browser_of: Browse) -> None:
    _finished(world, 3)
    with context.system("a test"), writing():
        JobRun.objects.filter(name=cleaning.JOB).update(actor_label='=HYPERLINK("http://x")')
    reply = browser_of(world.admin).get(f"{BASE}/history.csv?cleanup={SESSIONS}")
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [row["removed"] for row in rows] == ["1202", "1201", "1200"]
    assert {row["started_by"] for row in rows} == {'\'=HYPERLINK("http://x")'}
    assert {row["bytes_reusable"] for row in rows} == {"540000"}
    assert Event.objects.get(code="maintenance.cleanup.exported").data["runs"] == 3


def test_only_who_may_clean_takes_reports_and_only_of_what_has_ended(world: World, browser_of: Browse) -> None:
    run = _finished(world)[0]
    live = _finished(world, state="running", finished_at=None, result=None)[0]
    for kind in ("csv", "pdf"):
        for path in (f"runs/{run.pk}/report.{kind}", f"history.{kind}"):
            assert browser_of(world.manager).get(f"{BASE}/{path}").status_code == 403
            assert browser_of(world.admin).get(f"{BASE}/{path}").status_code == 200
        assert browser_of(world.admin).get(f"{BASE}/runs/{live.pk}/report.{kind}").status_code == 404
        assert browser_of(world.admin).get(f"{BASE}/history.{kind}?cleanup=no.such").status_code == 404


def test_a_stopped_clean_up_tells_what_it_had_done(world: World, browser_of: Browse) -> None:
    tally = {
        "name": SESSIONS,
        "cutoff": clock.now().isoformat(),
        "deleted": 5,
        "batches": 1,
        "busy_ms": 3.2,
        "hash": "a",
    }
    cursor = {"mark": "m", "at": 0, "deleted": 5, "expected": 9, "tally": tally, "results": []}
    run = _finished(world, state="cancelled", result=None, cursor=cursor)[0]
    client = browser_of(world.admin)
    page = client.get(f"/platform/jobs/{run.pk}").content.decode()
    assert "5 rows deleted" in page
    assert "stays removed" in page
    text = PdfReader(io.BytesIO(client.get(f"{BASE}/runs/{run.pk}/report.pdf").content)).pages[0].extract_text()
    assert "5 rows" in text
    assert "Cancelled" in text


def test_a_kind_that_was_run_shows_in_the_list(world: World, browser_of: Browse) -> None:
    add_sessions(world.clerk, 3, expires_in=-timedelta(days=2))
    ran(actor_of(world.admin), "expired-sessions")
    page = browser_of(world.admin).get(BASE)
    kind = next(kind for kind in page.context["kinds"] if kind["name"] == "expired-sessions")
    member = next(member for member in kind["members"] if member["url"].endswith(SESSIONS))
    assert member["last"]["count_text"] == "3 rows"
