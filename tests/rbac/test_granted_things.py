"""Rights on single runs, backups and organisations: given on a page of the thing or over the API, honoured everywhere."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from maintenance.models import Backup, JobRun
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.models import UserGrant
from tests.accounts.organisation_world import make_house
from tests.factories import World
from tests.monitoring.world import make_backup

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
NOWHERE = "01890000-0000-7000-8000-000000000000"


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _run(state: str = "succeeded") -> JobRun:
    now = clock.now()
    with context.system("a test"), writing():
        return JobRun.objects.create(
            name="maintenance.cleanup", state=state, actor_kind="system", actor_label="clock", finished_at=now
        )


def _backup() -> Backup:
    return make_backup(clock.now() - timedelta(hours=1))


def _give(client: Client, kind: str, key: UUID, user: User, code: str, **more: str) -> Any:
    sent = {"do": "give-right", "holder": user.username, "code": code} | more
    return client.post(f"/platform/access/{kind}/{key}", sent)


def test_who_is_given_one_backup_sees_that_one_everywhere(world: World, browser_of: Browser) -> None:
    mine, other = _backup(), _backup()
    client = browser_of(world.stranger)
    for path in ("/platform/backups", "/api/v1/admin/backups", f"/platform/backups/{mine.pk}"):
        assert client.get(path).status_code == 403, path
    assert _give(browser_of(world.root), "backup", mine.pk, world.stranger, "backup:execute").status_code == 302
    page = _text(client.get("/platform/backups"))
    assert f"/platform/backups/{mine.pk}" in page
    assert str(other.pk) not in page
    assert "Back up now" not in page
    assert 'href="/platform/backups"' in page.split("<main")[0], "the navigation does not lead there"
    assert "Jobs" not in page.split("<main")[0]
    listed = client.get("/api/v1/admin/backups").json()["items"]
    assert [row["id"] for row in listed] == [str(mine.pk)]
    assert "Verify now" in _text(client.get(f"/platform/backups/{mine.pk}"))
    assert f"/platform/backups/{mine.pk}/restore" not in _text(client.get(f"/platform/backups/{mine.pk}"))
    for path in (f"/platform/backups/{other.pk}", f"/api/v1/admin/backups/{other.pk}"):
        assert client.get(path).status_code == 404, path
    assert client.post("/platform/backups/make").status_code == 403
    before = JobRun.objects.count()
    assert client.post(f"/platform/backups/{other.pk}/verify").status_code == 404
    assert JobRun.objects.count() == before
    assert client.post(f"/platform/backups/{mine.pk}/verify").status_code == 302
    assert JobRun.objects.count() == before + 1


def test_who_is_given_one_run_sees_that_one_everywhere(world: World, browser_of: Browser) -> None:
    mine, other = _run("failed"), _run("failed")
    client = browser_of(world.stranger)
    assert client.get("/platform/jobs").status_code == 403
    assert client.get(f"/platform/jobs/{mine.pk}").status_code == 404
    root = browser_of(world.root)
    assert _give(root, "job", mine.pk, world.stranger, "job:read").status_code == 302
    page = _text(client.get("/platform/jobs"))
    assert str(mine.pk) in page
    assert str(other.pk) not in page
    assert [row["id"] for row in client.get("/api/v1/jobs").json()["items"]] == [str(mine.pk)]
    assert client.get(f"/platform/jobs/{mine.pk}").status_code == 200
    assert client.get(f"/platform/jobs/{other.pk}").status_code == 404
    assert client.post(f"/platform/jobs/{mine.pk}/retry").status_code == 403
    grant = UserGrant.objects.get()
    taken = {"do": "take-right", "grant": str(grant.pk)}
    assert root.post(f"/platform/access/job/{mine.pk}", taken).status_code == 302
    assert client.get("/platform/jobs").status_code == 403
    assert client.get("/api/v1/jobs").status_code == 403


def test_a_right_that_has_ended_opens_nothing(world: World, browser_of: Browser) -> None:
    mine = _backup()
    end = clock.now() + timedelta(hours=1)
    sent = {"expires_at": f"{end:%Y-%m-%dT%H:%M}"}
    assert _give(browser_of(world.root), "backup", mine.pk, world.stranger, "backup:execute", **sent).status_code == 302
    assert browser_of(world.stranger).get("/platform/backups").status_code == 200
    with clock.at(end + timedelta(minutes=1)):
        client = browser_of(world.stranger)
        assert client.get("/platform/backups").status_code == 403
        assert 'href="/platform/backups"' not in _text(client.get("/"))


def test_the_pages_tell_who_has_access_and_lead_to_giving_it(world: World, browser_of: Browser) -> None:
    run, one = _run(), _backup()
    root = browser_of(world.root)
    _give(root, "backup", one.pk, world.stranger, "backup:execute")
    text = _text(root.get(f"/platform/backups/{one.pk}?tab=access"))
    assert world.stranger.name in text
    assert f"/platform/access/backup/{one.pk}" in text
    text = _text(root.get(f"/platform/jobs/{run.pk}/access"))
    assert world.root.name in text
    assert f"/platform/access/job/{run.pk}" in text
    assert f"/platform/jobs/{run.pk}/access" in _text(root.get(f"/platform/jobs/{run.pk}"))
    manager = browser_of(world.manager)
    assert manager.get(f"/platform/jobs/{run.pk}/access").status_code == 403
    assert f"/platform/jobs/{run.pk}/access" not in _text(manager.get(f"/platform/jobs/{run.pk}"))
    assert manager.get(f"/platform/access/job/{run.pk}").status_code == 403


def test_staff_gives_members_rights_on_their_organisation(world: World, browser_of: Browser) -> None:
    house = make_house()
    root, here = browser_of(world.root), f"/platform/access/organisation/{house.id}"
    assert here in _text(root.get(f"/platform/organisations/{house.id}?tab=access"))
    found = _text(root.get(f"{here}/people?q={house.viewer.name}"))
    assert house.viewer.username in found
    assert world.stranger.username not in _text(root.get(f"{here}/people?q={world.stranger.name}"))
    sent = {"do": "give-right", "holder": house.viewer.username, "code": "organisation:update"}
    assert root.post(here, sent).status_code == 302
    assert UserGrant.objects.get().organisation_id == house.id
    assert browser_of(house.viewer).get(house.url("settings")).status_code == 200
    stranger = sent | {"holder": world.stranger.username}
    assert root.post(here, stranger).status_code == 422
    assert UserGrant.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"do": "nonsense"}, 400),
        ({"do": "give", "role": "x"}, 400),
        ({"do": "give-right"}, 422),
        ({"do": "give-right", "holder": "nobody at all", "code": "backup:execute"}, 422),
        ({"do": "give-right", "holder": "everyone", "code": "backup:execute"}, 422),
        ({"do": "give-right", "code": "job:read"}, 422),
        ({"do": "take-right", "grant": NOWHERE}, 404),
        ({"do": "take-right", "grant": "nonsense"}, 404),
    ],
)
def test_what_cannot_be_given_leaves_nothing(
    world: World, browser_of: Browser, sent: dict[str, str], status: int
) -> None:
    one, client = _backup(), browser_of(world.root)
    mails = OutboundMessage.objects.count()
    assert client.post(f"/platform/access/backup/{one.pk}", sent).status_code == status
    assert not UserGrant.objects.exists()
    assert OutboundMessage.objects.count() == mails


def test_things_that_are_not_there_have_no_page(world: World, browser_of: Browser) -> None:
    client, one = browser_of(world.root), _backup()
    for path in (f"job/{one.pk}", f"backup/{NOWHERE}", f"nonsense/{one.pk}", f"workspace/{NOWHERE}"):
        assert client.get(f"/platform/access/{path}").status_code == 404, path


def _call(client: Client, body: dict[str, Any]) -> Any:
    return client.generic("POST", "/api/v1/admin/grants", json.dumps(body), content_type="application/json")


def test_the_api_gives_and_takes_rights_on_things(world: World, browser_of: Browser) -> None:
    client, one = browser_of(world.root), _backup()
    body = {"user_id": str(world.stranger.pk), "permission": "backup:execute", "object_id": str(one.pk)}
    reply = _call(client, body | {"conditions": {"addresses": ["127.0.0.0/8"]}})
    assert reply.status_code == 201
    assert browser_of(world.stranger).get(f"/api/v1/admin/backups/{one.pk}").status_code == 200
    assert Event.objects.filter(code="rbac.grant.given", target_id=world.stranger.pk).count() == 1
    assert _call(client, body).status_code == 409
    assert client.get("/api/v1/admin/grants").json()["items"][0]["object_id"] == str(one.pk)
    assert client.delete(reply["Location"]).status_code == 204
    assert client.get(reply["Location"]).status_code == 404
    assert browser_of(world.stranger).get(f"/api/v1/admin/backups/{one.pk}").status_code == 403


def test_the_api_refuses_rights_that_are_not_about_the_thing(world: World, browser_of: Browser) -> None:
    client, one = browser_of(world.root), _backup()
    body = {"user_id": str(world.stranger.pk), "permission": "backup:execute", "object_id": str(one.pk)}
    for wrong in ({"permission": "job:read"}, {"permission": "user:read"}, {"object_id": NOWHERE}):
        assert _call(client, body | wrong).status_code == 422, wrong
    assert _call(client, body | {"conditions": {"time": {"zone": "Mars"}}}).status_code == 422
    assert _call(browser_of(world.admin), body).status_code == 403
    assert not UserGrant.objects.exists()
