"""Pages and endpoints of schedules: what a person and a program see, and may set."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from maintenance import publisher
from maintenance.models import JobRun, ScheduleState
from maintenance.services import runs, schedule_settings
from portal.kit import clock, context
from portal.kit.services import writing
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
NAME = "accounts.abandoned_imports"
PAGE, API = f"/platform/schedules/{NAME}", f"/api/v1/schedules/{NAME}"


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def state() -> ScheduleState:
    return ScheduleState.objects.get(pk=NAME)


def form(**values: Any) -> dict[str, Any]:
    """What the edit form sends when nothing was changed but `values`."""
    found = state()
    return {
        "cron": found.cron,
        "time_zone": found.time_zone,
        "keep": "",
        "keep_unit": "days",
        "overlap": "skip",
        "catch_up": "latest",
        "catch_up_minutes": "1440",
        "notify": "nobody",
        "version": str(found.version),
        **values,
    }


def text_of(reply: Any, status: int = 200) -> str:
    assert reply.status_code == status, reply.content[:300]
    found: str = reply.content.decode()
    return found


def patch(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return client.generic("PATCH", API, json.dumps(body), content_type="application/json", headers=headers)


def a_run(**values: Any) -> JobRun:
    with context.system("beat") as current, writing():
        run_id = runs.run_enqueue("maintenance.run_cleanup", actor=current.actor, args={"cleanup": NAME}, schedule=NAME)
        JobRun.objects.filter(pk=run_id).update(**values)
    return JobRun.objects.get(pk=run_id)


def test_the_form_saves_what_is_sent_and_tells_what_is_wrong(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert 'value="30 3 * * *"' in text_of(client.get(f"{PAGE}/edit"))
    for wrong, said in (
        ({"cron": "61 * * * *"}, "The minute “61” is not valid"),
        ({"cron": "* * 31 2 *"}, "This never comes"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone of this name"),
        ({"keep": "-1"}, "Keep at least 24 hours"),
        ({"keep": "5", "keep_unit": "hours"}, "Keep at least 24 hours"),
        ({"keep": "many"}, "Enter a whole number"),
        ({"catch_up_minutes": "0"}, "Write 1 to 10080 minutes"),
        ({"overlap": "cancel"}, "Select a valid choice"),
    ):
        page = text_of(client.post(f"{PAGE}/edit", form(**wrong)), 422)
        assert said in page.replace("&#x27;", "'"), wrong
        assert 'aria-invalid="true"' in page or "fieldset" in page
    assert state().version == 1
    sent = form(cron="15 2 * * 1-5", time_zone="Europe/Paris", keep="4", overlap="queue", notify="failure")
    assert client.post(f"{PAGE}/edit", sent)["Location"] == PAGE
    found = state()
    assert (found.cron, found.keep_hours, found.overlap, found.people) == (
        "15 2 * * 1-5",
        96,
        "queue",
        [world.admin.pk],
    )
    shown = text_of(client.get(PAGE))
    for words in ("At 02:15, on weekdays", "Europe/Paris", "4 days", "Queue one", "When it fails: Admin", "set here"):
        assert words in shown, words


def test_a_form_that_is_older_than_the_schedule_is_refused(world: World, browser_of: Browse) -> None:
    sent = form(cron="0 4 * * *")
    client = browser_of(world.admin)
    assert client.post(f"{PAGE}/edit", sent).status_code == 302
    page = text_of(client.post(f"{PAGE}/edit", sent | {"cron": "0 5 * * *"}), 409)
    assert "Somebody changed this meanwhile" in page
    assert state().cron == "0 4 * * *"
    assert Event.objects.filter(code="maintenance.schedule.changed").count() == 1


def test_next_runs_are_shown_while_one_writes_with_scripts_and_without(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    asked = {"cron": "30 2 * * *", "time_zone": "Europe/Paris"}
    live = text_of(client.get("/platform/schedules/preview", asked))
    assert "Every night at 02:30" in live
    assert live.count("(UTC+0") == 5
    assert "<html" not in live
    before = ScheduleState.objects.values().get(pk=NAME)
    plain = text_of(client.post(f"{PAGE}/edit", form(**asked, do="preview")))
    assert "Every night at 02:30" in plain
    assert 'value="Europe/Paris"' in plain, "what was written stays in its field"
    assert "This cannot be used" in text_of(client.get("/platform/schedules/preview", {"cron": "61 * * * *"}))
    assert ScheduleState.objects.values().get(pk=NAME) == before


def test_a_page_has_its_tabs_each_with_what_it_promises(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    for minutes in (1, 2, 3):
        now = clock.now()
        a_run(state="succeeded", started_at=now - timedelta(minutes=minutes), finished_at=now, key=str(minutes))
    with context.acting(actor_of(world.admin)) as current:
        schedule_settings.schedule_update(actor=current.actor, name=NAME, values={"cron": "0 4 * * *"})
    assert "Duration of the newest runs" in text_of(client.get(PAGE, {"tab": "runs"}))
    history = text_of(client.get(PAGE, {"tab": "history"}))
    assert "The schedule “Uploaded imports” was changed" in history
    assert "0 4 * * *" in history
    assert client.get(PAGE, {"tab": "nothing"}).status_code == 404
    for name in ("no.such", "%00", "a" * 300, "..%2f", "preview/x"):
        assert client.get(f"/platform/schedules/{name}").status_code in {400, 404}, name


def test_buttons_pause_resume_reset_and_run_once(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert "Say why" in text_of(client.post(f"{PAGE}/pause", {"reason": ""}), 422)
    assert client.post(f"{PAGE}/pause", {"reason": "Disk is moved"}).status_code == 302
    assert client.post(f"{PAGE}/pause", {"reason": "again"}).status_code == 409
    page = text_of(client.get(PAGE))
    assert "Paused by Admin." in page
    assert "Disk is moved" in page
    assert "Disk is moved" in text_of(client.get("/platform/schedules"))
    assert client.post(f"{PAGE}/resume").status_code == 302
    assert client.post(f"{PAGE}/resume").status_code == 409
    client.post(f"{PAGE}/edit", form(cron="0 4 * * *"))
    assert client.post(f"{PAGE}/reset").status_code == 302
    assert state().cron == "30 3 * * *"
    pressed = {client.post(f"{PAGE}/run")["Location"] for _ in range(2)}
    assert pressed == {f"/platform/jobs/{JobRun.objects.get().pk}"}


def test_a_button_needs_the_right_and_a_post_and_a_schedule(world: World, browser_of: Browse) -> None:
    before = ScheduleState.objects.values().get(pk=NAME)
    for act in ("run", "pause", "resume", "reset"):
        assert browser_of(world.manager).post(f"{PAGE}/{act}", {"reason": "x"}).status_code == 403
        assert browser_of(world.admin).get(f"{PAGE}/{act}").status_code == 405
        assert browser_of(world.admin).post(f"/platform/schedules/no.such/{act}", {"reason": "x"}).status_code == 404
    assert browser_of(world.manager).post(f"{PAGE}/edit", form(cron="0 4 * * *")).status_code == 403
    assert ScheduleState.objects.values().get(pk=NAME) == before
    assert not JobRun.objects.exists()


def test_what_stands_still_says_so_and_why_and_its_page_opens(world: World, browser_of: Browse) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=NAME).update(
            cron="61 * * * *", time_zone="Mars/Olympus", fault="There is no time zone of this name."
        )
    client = browser_of(world.admin)
    assert "This schedule stands still." in text_of(client.get(PAGE))
    assert "There is no time zone" in text_of(client.get("/platform/schedules"))
    assert client.get(f"{PAGE}/edit").status_code == 200
    assert client.get(API).json()["fault"] == "There is no time zone of this name."
    assert client.get(API).json()["next_at"] is None


def test_the_list_costs_the_same_however_many_runs_there_are(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    client.get("/platform/schedules")
    a_run(state="succeeded", finished_at=clock.now())
    with CaptureQueriesContext(connection) as few:
        client.get("/platform/schedules")
    for _ in range(20):
        a_run(state="succeeded", finished_at=clock.now())
    with CaptureQueriesContext(connection) as many:
        client.get("/platform/schedules")
    assert len(many) == len(few) <= 8


# --- over the API ---


def test_a_program_sets_everything_that_a_person_can(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    body = {
        "cron": "15 2 * * 1-5",
        "time_zone": "Europe/Paris",
        "keep_hours": 96,
        "overlap": "queue",
        "catch_up": "skip",
        "catch_up_minutes": 30,
        "notify": "always",
        "enabled": False,
    }
    told = patch(client, body).json()
    assert {name: told[name] for name in body} == body
    assert told["words"] == "At 02:15, on weekdays"
    assert told["set_here"] == ["cron", "time_zone"]
    assert told["notify_people"] == [str(world.admin.pk)]
    assert (told["next_at"], told["next_runs"]) == (None, [])
    paused = patch(client, {"enabled": True, "paused": True, "pause_reason": "Disk is moved"}).json()
    assert (paused["paused"]["by"], paused["paused"]["reason"]) == ("Admin", "Disk is moved")
    again = patch(client, {"paused": False}).json()
    assert again["paused"] is None
    assert len(again["next_runs"]) == 5
    reset = client.post(f"{API}/reset").json()
    assert (reset["cron"], reset["keep_hours"], reset["notify"]) == ("30 3 * * *", None, "always")


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"cron": "61 * * * *"}, "cron", "The minute “61” is not valid"),
        ({"cron": "* * 31 2 *"}, "cron", "This never comes"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "no time zone"),
        ({"keep_hours": -1}, "keep_hours", ""),
        ({"keep_hours": 5}, "keep_hours", "at least 24 hours"),
        ({"keep_hours": "many"}, "keep_hours", ""),
        ({"overlap": "cancel"}, "overlap", ""),
        ({"catch_up_minutes": 10_081}, "catch_up_minutes", ""),
        ({"paused": True}, "pause_reason", "Say why"),
        ({"last_slot": "2026-01-01T00:00:00Z"}, "last_slot", ""),
    ],
    ids=str,
)
def test_what_a_program_may_not_set_is_named_with_its_reason(
    world: World, browser_of: Browse, body: dict[str, Any], field: str, said: str
) -> None:
    before = ScheduleState.objects.values().get(pk=NAME)
    reply = patch(browser_of(world.admin), {"overlap": "queue", **body})
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (422, "kit.invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert said in str(problem["errors"][0])
    assert ScheduleState.objects.values().get(pk=NAME) == before


def test_a_writer_who_was_slower_is_refused_and_a_run_meanwhile_is_no_change(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    tag = client.get(API)["ETag"]
    a_run(state="succeeded", finished_at=clock.now())
    assert patch(client, {"cron": "0 4 * * *"}, **{"If-Match": tag}).status_code == 200
    late = patch(client, {"cron": "0 5 * * *"}, **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "kit.precondition_failed")
    assert state().cron == "0 4 * * *"


def test_run_twice_is_once_and_a_schedule_that_is_not_there_is_not_found(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    first, second = (client.post(f"{API}/run") for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, second.json()["id"])
    assert JobRun.objects.count() == 1
    for path in ("", "/run", "/reset"):
        method = client.get if not path else client.post
        assert method(f"/api/v1/schedules/no.such{path}").status_code == 404
        assert method(f"/api/v1/schedules/%00{path}").status_code in {400, 404}


def test_a_line_is_previewed_with_its_reason_or_its_runs(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    good = client.get("/api/v1/schedules/preview", {"cron": "30 3 * * *", "time_zone": "Europe/Paris"}).json()
    assert (good["words"], good["reason"], len(good["next_runs"])) == ("Every night at 03:30", None, 5)
    assert good["next_runs"][0]["at"].endswith("Z")
    assert "(UTC+0" in good["next_runs"][0]["local"]
    bad = client.get("/api/v1/schedules/preview", {"cron": "61 * * * *"}).json()
    assert (bad["words"], bad["next_runs"]) == (None, [])
    assert "The minute “61”" in bad["reason"]
