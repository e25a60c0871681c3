"""Runs and schedules over the API: four actors on every call, and what each call leaves behind."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from maintenance import cleaning, publisher
from maintenance.models import JobRun, ScheduleState
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.home.test_api_reference import DOCUMENT, fits

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/api/v1/jobs"
RUN = f"{URL}/{{run_id}}"
SCHEDULE = "/api/v1/schedules/{name}"


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def queued(actor: Actor, state: JobRun.State = JobRun.State.QUEUED) -> UUID:
    with context.acting(actor):
        run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": "accounts.expired_sessions"})
        if state != JobRun.State.QUEUED:
            with writing():
                JobRun.objects.filter(pk=run_id).update(state=state, finished_at=clock.now())
    return run_id


def schedule() -> str:
    return str(ScheduleState.objects.order_by("name").values_list("pk", flat=True)[0])


def call(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    return client.generic(method, path, body, content_type="application/json", headers=headers or None)


def answer(path: str, method: str, reply: Any) -> Any:
    """The body of a reply, which must be what the OpenAPI document says."""
    content = DOCUMENT["paths"][path][method]["responses"][str(reply.status_code)]["content"]
    body = reply.json()
    fits(next(iter(content.values()))["schema"], body)
    return body


CALLS = [
    ("GET", URL, b"", "manager", "queued"),
    ("GET", RUN, b"", "manager", "queued"),
    ("POST", f"{RUN}/cancel", b"", "admin", "queued"),
    ("POST", f"{RUN}/retry", b"", "admin", "failed"),
    ("GET", "/api/v1/schedules", b"", "admin", "queued"),
    ("GET", SCHEDULE, b"", "admin", "queued"),
    ("PATCH", SCHEDULE, b'{"enabled": false}', "admin", "queued"),
    ("POST", f"{SCHEDULE}/run", b"", "admin", "queued"),
    ("POST", f"{SCHEDULE}/reset", b"", "admin", "queued"),
    ("GET", "/api/v1/schedules/preview", b"", "admin", "queued"),
    ("GET", "/api/v1/admin/nights", b"", "admin", "queued"),
    ("POST", "/api/v1/admin/nights", b"", "admin", "queued"),
]


@pytest.mark.parametrize("given", CALLS, ids=[f"{method} {path}" for method, path, *_rest in CALLS])
def test_four_actors_call(world: World, browser_of: BrowserOf, given: tuple[str, str, bytes, str, str]) -> None:
    method, path, body, who, state = given
    run_id, name = queued(actor_of(world.admin), JobRun.State(state)), schedule()
    url = path.format(run_id=run_id, name=name)
    before = (JobRun.objects.values().get(pk=run_id), ScheduleState.objects.values().get(pk=name))

    nobody = call(Client(), method, url, body)
    stranger = call(browser_of(world.stranger), method, url, body)
    elsewhere = call(browser_of(world.root), method, url, body, **{"Steward-Organisation": str(uuid4())})

    # Whether a run that one may not watch exists is nobody's business.
    hidden = 404 if (method, path) == ("GET", RUN) else 403
    assert [nobody.status_code, stranger.status_code, elsewhere.status_code] == [401, hidden, 404]
    assert before == (JobRun.objects.values().get(pk=run_id), ScheduleState.objects.values().get(pk=name))
    reply = call(browser_of(getattr(world, who)), method, url, body)
    assert reply.status_code in {200, 202}
    answer(path, method.lower(), reply)


@pytest.mark.parametrize("path", [RUN, f"{RUN}/cancel", f"{RUN}/retry"])
def test_a_run_that_is_not_there_is_not_found(world: World, browser_of: BrowserOf, path: str) -> None:
    method = "GET" if path == RUN else "POST"
    assert call(browser_of(world.root), method, path.format(run_id=uuid4())).status_code == 404


def test_the_list_is_narrowed_by_state_newest_first(world: World, browser_of: BrowserOf) -> None:
    actor = actor_of(world.admin)
    failed = [str(queued(actor, JobRun.State.FAILED)) for _ in range(3)]
    queued(actor)
    caller = browser_of(world.manager)
    first = caller.get(URL, {"state": "failed", "limit": "2"}).json()
    second = caller.get(URL, {"state": "failed", "limit": "2", "cursor": first["next_cursor"]}).json()
    assert [run["id"] for run in first["items"] + second["items"]] == failed[::-1]
    assert second["next_cursor"] is None
    assert caller.get(URL, {"state": "lost"}).status_code == 400


def test_a_run_is_cancelled_once_and_then_is_finished(world: World, browser_of: BrowserOf) -> None:
    run_id = queued(actor_of(world.admin))
    caller = browser_of(world.admin)
    assert call(caller, "POST", f"{URL}/{run_id}/cancel").json()["state"] == "cancelled"
    again = call(caller, "POST", f"{URL}/{run_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "maintenance.not_running")
    assert Event.objects.filter(code="maintenance.run.cancelled", target_id=run_id).count() == 1


def test_a_failed_run_is_queued_again_and_a_queued_one_is_not(world: World, browser_of: BrowserOf) -> None:
    run_id = queued(actor_of(world.admin), JobRun.State.FAILED)
    caller = browser_of(world.admin)
    assert call(caller, "POST", f"{URL}/{run_id}/retry").json()["state"] == "queued"
    again = call(caller, "POST", f"{URL}/{run_id}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "maintenance.not_retryable")
    assert Event.objects.filter(code="maintenance.run.retried", target_id=run_id).count() == 1


def test_a_run_that_did_not_move_is_not_sent_again(world: World, browser_of: BrowserOf) -> None:
    url = f"{URL}/{queued(actor_of(world.admin))}"
    caller = browser_of(world.manager)
    tag = caller.get(url)["ETag"]
    assert caller.get(url, headers={"If-None-Match": tag}).status_code == 304
    call(browser_of(world.admin), "POST", f"{url}/cancel")
    assert caller.get(url, headers={"If-None-Match": tag}).json()["state"] == "cancelled"


def test_a_schedule_is_switched_only_in_the_state_that_was_read(world: World, browser_of: BrowserOf) -> None:
    name = schedule()
    caller, url = browser_of(world.admin), SCHEDULE.format(name=name)
    tag = caller.get(url)["ETag"]
    assert call(caller, "PATCH", url, b'{"enabled": false}', **{"If-Match": tag}).json()["enabled"] is False
    late = call(caller, "PATCH", url, b'{"enabled": true}', **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "kit.precondition_failed")
    assert ScheduleState.objects.get(pk=name).enabled is False
    assert call(caller, "PATCH", url, b"{}").json()["enabled"] is False
    assert call(caller, "GET", SCHEDULE.format(name="nothing")).status_code == 404
    assert call(caller, "PATCH", SCHEDULE.format(name="nothing"), b"{}").status_code == 404
