"""Maintenance and announcements over the API, by the inherited case."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import clock, context
from portal.kit.mode import services, state
from portal.kit.models import Announcement, MaintenanceWindow
from portal.kit.notices import announcements
from tests.cases.api import ApiCase
from tests.factories import World

Browse = Callable[[User], Client]
pytestmark = pytest.mark.django_db
_days = count(1)


def _planned() -> MaintenanceWindow:
    start = clock.now() + timedelta(days=next(_days))
    with context.system("a test") as current:
        return services.window_create(
            actor=current.actor,
            kind="read_only",
            reason="Disks",
            starts_at=start,
            ends_at=start + timedelta(hours=1),
        )


class TestMaintenance(ApiCase):
    collection = "/api/v1/admin/maintenance"
    # Nobody may look who may not write: whoever runs the installation does both.
    reader = "root"
    reader_may = frozenset({"post", "patch"})
    holder = "root"
    valid = {"kind": "closed", "reason": "Disks"}
    changed = {"kind": "closed", "message": "Later than thought."}
    models = (MaintenanceWindow,)

    def body(self) -> dict[str, Any]:
        """One whole hour of a day that is free."""
        start = clock.now() + timedelta(days=next(_days))
        return dict(self.valid) | {
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=1)).isoformat(),
        }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{_planned().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            _planned()

    def test_it_is_begun_and_ended(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.root)
        made = self.send(client, "post", self.collection, {"kind": "closed", "reason": "Disks"})
        assert made.status_code == 201
        assert browser_of(world.clerk).get("/").status_code == 503
        item = f"{self.collection}/{json.loads(made.content)['id']}"
        assert self.send(client, "post", f"{item}/end", {}).status_code == 200
        assert state.in_force() is None
        assert self.refused(self.send(client, "post", f"{item}/end", {}), 409)["code"] == "kit.maintenance_over"

    def test_two_at_once_are_a_conflict(self, world: World, browser_of: Browse) -> None:
        client, body = browser_of(world.root), self.body()
        assert self.send(client, "post", self.collection, body).status_code == 201
        refusal = self.refused(self.send(client, "post", self.collection, body), 409)
        assert refusal["code"] == "kit.maintenance_overlaps"
        assert MaintenanceWindow.objects.count() == 1


class TestAnnouncements(ApiCase):
    collection = "/api/v1/announcements"
    reader = "root"
    reader_may = frozenset({"post", "patch", "delete"})
    holder = "root"
    valid = {"title": "New invoices", "tone": "info"}
    changed = {"title": "Newer invoices", "audience": "staff"}
    models = (Announcement,)

    def _write(self) -> Announcement:
        with context.system("a test") as current:
            return announcements.announcement_create(actor=current.actor, values={"title": "Planned work"})

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._write().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._write()

    def test_one_for_an_organisation_names_it(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.root)
        sent = {"title": "For one", "audience": "organisation"}
        problem = self.refused(self.send(client, "post", self.collection, sent), 422)
        assert "Name an organisation" in problem["detail"]
        assert not Announcement.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/admin/system", "/api/v1/admin/configuration", "/api/v1/logs"])
def test_the_system_is_told_to_administrators_alone(world: World, browser_of: Browse, path: str) -> None:
    for who, status in ((world.root, 200), (world.admin, 200), (world.manager, 403), (world.stranger, 403)):
        assert browser_of(who).get(path).status_code == status
    assert Client().get(path).status_code == 401


def test_the_system_tells_each_part_or_why_not(world: World, browser_of: Browse) -> None:
    told = json.loads(browser_of(world.admin).get("/api/v1/admin/system").content)
    assert told["status"] == "degraded", "No worker runs in this test."
    assert told["parts"]["queue"] == {
        "problem": "",
        "value": {"due": 0, "oldest": None, "later": 0, "running": 0, "lost": 0, "failed": 0},
    }
    assert told["parts"]["database"]["value"]["size"] > 0
    assert told["parts"]["statements"] == {"problem": "", "value": None}
    assert told["parts"]["tables"]["value"][0]["bytes"] > 0
    assert told["versions"]["Steward"]


def test_configuration_over_the_api_holds_no_secret(world: World, browser_of: Browse, settings: Any) -> None:
    reply = browser_of(world.admin).get("/api/v1/admin/configuration").content.decode()
    assert settings.DATABASES["default"]["PASSWORD"] not in reply
    assert settings.SECRET_KEY not in reply
    assert {"STEWARD_ENV", "SECRET_KEY"} <= {one["name"] for one in json.loads(reply)["items"]}


def test_logs_over_the_api_are_narrowed_by_declared_parameters(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert json.loads(client.get("/api/v1/logs", {"level": "error", "limit": "5"}).content)["items"] == []
    assert client.get("/api/v1/logs", {"level": "loud"}).status_code == 400
    assert client.get("/api/v1/logs", {"limit": 5000}).status_code == 400
