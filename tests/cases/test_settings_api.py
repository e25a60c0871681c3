"""Settings over the API, by the inherited case."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from portal.kit import clock, context
from portal.kit.models import SettingValue, SettingVersion
from portal.kit.services import writing
from portal.kit.settings import BRAND_NAME
from tests.cases.api import ApiCase
from tests.factories import World
from tests.kit.setting_world import change, from_environment

Browse = Callable[[User], Client]
pytestmark = pytest.mark.django_db
ITEM = "/api/v1/admin/settings/brand.name"


class TestSettings(ApiCase):
    collection = "/api/v1/admin/settings"
    paged = False
    key = "code"
    reader = "admin"
    reader_may = frozenset({"patch"})
    holder = "admin"
    changed = {"value": "Harbour"}
    models = (SettingValue, SettingVersion)

    def existing(self, world: World) -> str:
        return ITEM

    def make(self, number: int) -> None:
        world = User.objects.get(is_root=True)
        for one in range(number):
            change(world, "brand.name", f"Harbour {one}")

    def test_several_are_changed_together_or_none(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.admin)
        sent: dict[str, Any] = {"values": {"brand.name": "Harbour", "surveys.quiet": 30}}
        reply = self.send(client, "patch", self.collection, sent)
        assert [item["value"] for item in json.loads(reply.content)["items"]] == ["Harbour", 30]
        sent = {"values": {"brand.name": "Meadow", "surveys.quiet": 3}}
        refusal = self.refused(self.send(client, "patch", self.collection, sent), 422)
        assert [error["field"] for error in refusal["errors"]] == ["surveys.quiet"]
        assert BRAND_NAME.value() == "Harbour"

    def test_versions_guard_against_each_other_and_history_goes_back(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.admin)
        assert self.send(client, "patch", ITEM, {"value": "Harbour", "version": 0}).status_code == 200
        refusal = self.refused(self.send(client, "patch", ITEM, {"value": "Meadow", "version": 0}), 409)
        assert refusal["code"] == "kit.setting_moved"
        assert self.send(client, "patch", ITEM, {"value": None}).status_code == 200
        assert BRAND_NAME.value() == "Steward"
        back = self.send(client, "post", f"{ITEM}/revert", {"version": 1, "reason": "Better"})
        assert json.loads(back.content)["value"] == "Harbour"
        history = json.loads(client.get(f"{ITEM}/history", {"limit": 2}).content)
        assert [(one["version"], one["value"]) for one in history["items"]] == [(3, "Harbour"), (2, None)]
        rest = json.loads(client.get(f"{ITEM}/history", {"cursor": history["next_cursor"]}).content)
        assert [one["version"] for one in rest["items"]] == [1]
        assert client.get("/api/v1/admin/settings/no.such/history").status_code == 404
        assert self.send(client, "post", f"{ITEM}/revert", {"version": 99}).status_code == 404

    def test_the_environment_wins(self, world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
        from_environment(monkeypatch, "STEWARD_SESSION_IDLE_MINUTES")
        client, item = browser_of(world.admin), f"{self.collection}/sessions.idle"
        assert json.loads(client.get(item).content)["source"] == "environment"
        refusal = self.refused(self.send(client, "patch", item, {"value": 5}), 409)
        assert refusal["code"] == "kit.setting_fixed"
        assert SettingVersion.objects.count() == 0

    def test_less_security_takes_a_fresh_confirmation(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.admin)
        change(world.root, "sessions.idle", 10)
        with context.system("a test"), writing():
            Session.objects.update(confirmed_at=clock.now() - timedelta(minutes=11))
        item = f"{self.collection}/sessions.idle"
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("patch", item, {"value": 900, "reason": "A fair"}),
            ("patch", item, {"value": None, "reason": "A fair"}),
            ("patch", self.collection, {"values": {"sessions.idle": 900}, "reason": "A fair"}),
        )
        for method, path, sent in calls:
            refusal = self.refused(self.send(client, method, path, sent), 403)
            assert refusal["code"] == "kit.confirmation_required"
        assert self.send(client, "patch", item, {"value": 5}).status_code == 200
        refusal = self.refused(self.send(client, "post", f"{item}/revert", {"version": 1, "reason": "A fair"}), 403)
        assert refusal["code"] == "kit.confirmation_required"
        assert SettingVersion.objects.count() == 2

    @pytest.mark.parametrize("name", ["manager", "clerk", "stranger"])
    def test_who_lacks_the_right_gets_no_further(self, world: World, browser_of: Browse, name: str) -> None:
        client = browser_of(getattr(world, name))
        for path in (self.collection, ITEM, f"{ITEM}/history"):
            assert client.get(path).status_code == 403
        for method, path, sent in (
            ("patch", ITEM, {"value": "Meadow"}),
            ("patch", self.collection, {"values": {"brand.name": "Meadow"}}),
            ("post", f"{ITEM}/revert", {"version": 1}),
        ):
            assert self.send(client, method, path, sent).status_code == 403
        assert SettingVersion.objects.count() == 0
