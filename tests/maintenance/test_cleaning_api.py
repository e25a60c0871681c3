"""Clean-ups over the API: who may, what each call leaves behind, and what it is not taken in by."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import Session, User
from audit.models import Event
from maintenance import cleaning, publisher, runner
from maintenance.models import JobRun
from tests.factories import World
from tests.home.test_api_reference import DOCUMENT, OPERATIONS, _reply, fits
from tests.maintenance.test_api import answer, call
from tests.maintenance.test_kill import add_sessions

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
BASE = "/api/v1/admin/cleanup"
KINDS = [*cleaning.CATEGORIES, cleaning.EVERYTHING]
READS = [*KINDS, "stats", "history", "schedule"]
DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "cleanups.md"


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


@pytest.mark.parametrize("name", READS)
def test_four_actors_read(world: World, browser_of: BrowserOf, name: str) -> None:
    url = f"{BASE}/{name}"
    elsewhere = {"Steward-Organisation": str(uuid4())}
    assert Client().get(url).status_code == 401
    assert browser_of(world.stranger).get(url).status_code == 403
    assert browser_of(world.manager).get(url).status_code == 403
    assert browser_of(world.root).get(url, headers=elsewhere).status_code == 404
    reply = browser_of(world.admin).get(url)
    assert reply.status_code == 200
    answer(url, "get", reply)
    assert not JobRun.objects.exists()


def test_a_sample_may_hold_a_value_that_is_none() -> None:
    """A table that was never vacuumed has no moment of it."""
    schema = DOCUMENT["components"]["schemas"]["PreviewItemReply"]["properties"]["sample"]
    fits(schema, [["accounts_user", None, 7]])


@pytest.mark.parametrize("kind", KINDS)
def test_four_actors_run(world: World, browser_of: BrowserOf, kind: str) -> None:
    url = f"{BASE}/{kind}"
    admin = browser_of(world.admin)
    token = admin.get(url).json()["token"]
    body = f'{{"token": "{token}", "confirm": "everything"}}'.encode()
    for who, status in ((Client(), 401), (browser_of(world.stranger), 403), (browser_of(world.manager), 403)):
        assert call(who, "POST", url, body).status_code == status
    # The token is of the person who looked.
    assert call(browser_of(world.root), "POST", url, body).status_code == 409
    assert not JobRun.objects.exists()
    reply = call(admin, "POST", url, body)
    assert reply.status_code == 202
    answer(url, "post", reply)
    run = JobRun.objects.get()
    assert run.actor_id == world.admin.pk
    assert run.args["group"] == kind
    assert Event.objects.filter(code="maintenance.run.queued", target_id=run.pk).count() == 1


def test_a_program_looks_runs_and_reads_what_came_of_it(world: World, browser_of: BrowserOf) -> None:
    add_sessions(world.clerk, 6, expires_in=-timedelta(hours=30))
    add_sessions(world.clerk, 3, expires_in=-timedelta(hours=10))
    admin, url = browser_of(world.admin), f"{BASE}/expired-sessions"
    item = next(i for i in admin.get(url, {"older_than_hours": "24"}).json()["items"] if i["unit"] == "rows")
    assert (item["name"], item["count"]) == ("accounts.expired_sessions", 6)
    queued = call(admin, "POST", url, b'{"confirm": "expired-sessions", "older_than_hours": 24}').json()
    runner.execute(JobRun.objects.get().pk)
    assert Session.objects.filter(user=world.clerk).count() == 3
    history = admin.get(f"{BASE}/history", {"cleanup": "accounts.expired_sessions"}).json()["items"]
    assert [run["id"] for run in history] == [queued["id"]]
    outcome = next(o for o in history[0]["outcomes"] if o["cleanup"] == "accounts.expired_sessions")
    assert (outcome["deleted"], outcome["left"], outcome["skipped"]) == (6, 0, False)
    stats = admin.get(f"{BASE}/stats").json()
    assert (stats["runs"], stats["failed"]) == (1, 0)
    assert stats["old"]["expired-sessions"] == 3
    assert stats["deleted_by_day"][-1]["deleted"] >= 6
    assert {"accounts_session", "audit_event"} <= {table["name"] for table in stats["tables"]}
    assert {one["name"] for one in admin.get(f"{BASE}/schedule").json()["items"]} >= {"accounts.expired_sessions"}


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("temp-files", b"{}", 422, "maintenance.not_confirmed"),
        ("temp-files", b'{"confirm": "temp_files"}', 422, "maintenance.not_confirmed"),
        ("temp-files", b'{"confirm": "expired-sessions"}', 422, "maintenance.not_confirmed"),
        ("temp-files", b'{"token": "forged"}', 409, "maintenance.preview_stale"),
        ("temp-files", b'{"token": ""}', 422, "kit.invalid"),
        ("temp-files", b'{"token": "x", "older_than_hours": 5}', 422, "kit.invalid"),
        ("execution-logs", b'{"confirm": "execution-logs", "older_than_hours": 0}', 422, "kit.invalid"),
        ("temp-files", b'{"confirm": "temp-files", "older_than_hours": -1}', 422, "kit.invalid"),
        ("temp-files", b'{"confirm": "temp-files", "older_than_hours": 1e99}', 422, "kit.invalid"),
        ("temp-files", b'{"confirm": "temp-files", "older_than_hours": "24; DROP"}', 422, "kit.invalid"),
        ("temp-files", b'{"confirm": "temp-files", "table": "accounts_user"}', 422, "kit.invalid"),
        ("temp-files", b'{"confirm": ["temp-files"]}', 422, "kit.invalid"),
        ("all", b'{"confirm": "all"}', 422, "maintenance.not_confirmed"),
        ("all", b'{"confirm": "everything"}', 422, "maintenance.not_confirmed"),
    ],
)
def test_what_is_not_confirmed_or_makes_no_sense_starts_nothing(  # noqa: PLR0917 - what pytest hands in
    world: World, browser_of: BrowserOf, kind: str, body: bytes, status: int, code: str
) -> None:
    reply = call(browser_of(world.admin), "POST", f"{BASE}/{kind}", body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.json()["detail"]
    assert not JobRun.objects.exists()


def test_all_wants_its_token_and_its_word(world: World, browser_of: BrowserOf) -> None:
    admin, url = browser_of(world.admin), f"{BASE}/all"
    seen = admin.get(url).json()
    assert seen["confirm"] == "everything"
    reply = call(admin, "POST", url, f'{{"token": "{seen["token"]}"}}'.encode())
    assert (reply.status_code, reply.json()["code"]) == (422, "maintenance.not_confirmed")
    assert "everything" in reply.json()["errors"][0]["detail"]
    assert not JobRun.objects.exists()


AGES = ["older_than_hours=x", "older_than_hours=-1", "older_than_hours=24.5", "hours=24", "older_than_hours=\u0663"]


@pytest.mark.parametrize("query", AGES)
def test_an_age_that_cannot_be_read_is_named(world: World, browser_of: BrowserOf, query: str) -> None:
    assert browser_of(world.admin).get(f"{BASE}/temp-files?{query}").status_code == 400


def test_reports_are_downloaded_as_files(world: World, browser_of: BrowserOf) -> None:
    admin, url = browser_of(world.admin), f"{BASE}/temp-files"
    run = call(admin, "POST", url, b'{"confirm": "temp-files"}').json()["id"]
    one = f"{BASE}/history/{run}/report"
    assert admin.get(one).status_code == 404, "It has not ended."
    runner.execute(UUID(run))
    for where in (one, f"{BASE}/history/report"):
        told = admin.get(where)
        assert (told["Content-Type"], ".csv" in told["Content-Disposition"]) == ("text/csv; charset=utf-8", True)
        assert admin.get(where, {"format": "pdf"}).content.startswith(b"%PDF")
        assert admin.get(where, {"format": "docx"}).status_code == 400
        assert browser_of(world.manager).get(where).status_code == 403
    assert admin.get(f"{BASE}/history/report", {"cleanup": "no.such"}).status_code == 404
    assert Event.objects.filter(code="maintenance.cleanup.exported").count() == 4


def test_unknown_names_are_not_found(world: World, browser_of: BrowserOf) -> None:
    admin = browser_of(world.admin)
    assert admin.get(f"{BASE}/history", {"cleanup": "no.such"}).status_code == 404
    assert admin.get(f"{BASE}/everything").status_code == 404
    assert admin.get(f"{BASE}/accounts.expired_sessions").status_code == 404


def test_a_call_sent_twice_with_its_key_is_one_run(world: World, browser_of: BrowserOf) -> None:
    admin, url, key = browser_of(world.admin), f"{BASE}/temp-files", str(uuid4())
    body = b'{"confirm": "temp-files"}'
    first = call(admin, "POST", url, body, **{"Idempotency-Key": key})
    again = call(admin, "POST", url, body, **{"Idempotency-Key": key})
    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    other = call(admin, "POST", url, b'{"confirm": "temp-files", "older_than_hours": 48}', **{"Idempotency-Key": key})
    assert other.json()["code"] == "kit.idempotency_conflict"
    assert JobRun.objects.count() == 1


def test_the_history_is_paged_newest_first(world: World, browser_of: BrowserOf) -> None:
    admin = browser_of(world.admin)
    for kind in KINDS[:3]:
        call(admin, "POST", f"{BASE}/{kind}", f'{{"confirm": "{kind}"}}'.encode())
    first = admin.get(f"{BASE}/history", {"limit": "2"}).json()
    second = admin.get(f"{BASE}/history", {"limit": "2", "cursor": first["next_cursor"]}).json()
    assert [run["id"] for run in first["items"] + second["items"]] == [
        str(pk) for pk in JobRun.objects.order_by("-id").values_list("pk", flat=True)
    ]


def test_the_table_of_the_documentation_is_the_api() -> None:
    rows = re.findall(r"^\| (GET|POST) \| `([^`]+)` \| `([^`]+)` \| ([^|]+) \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert {(method, path, access, reply.strip()) for method, path, access, reply in rows} == {
        (method.upper(), path, operation["x-permission"], _reply(operation))
        for path, method, operation in OPERATIONS
        if path.startswith(f"{BASE}/")
    }
