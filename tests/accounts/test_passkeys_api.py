"""Passkeys and recoveries over the API: one's own alone; the second administrator's yes and anybody's no."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import Passkey, Recovery, User
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import denials, events
from tests.accounts.recovery_world import carrier, key_of, waiting
from tests.factories import World, person

Browser = Callable[[User], Client]
OWN = "/api/v1/users/me/passkeys"


def called(client: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and body of a call."""
    data = b"" if body is None else json.dumps(body).encode()
    reply = client.generic(method, path, data, content_type="application/json")
    return reply.status_code, json.loads(reply.content) if reply.content else None


def test_one_sees_and_removes_ones_own_and_nobody_elses(world: World, browser_of: Browser) -> None:
    mine, theirs = key_of(world.stranger), key_of(world.root)
    client = browser_of(world.stranger)
    status, found = called(client, "GET", OWN)
    assert (status, [item["id"] for item in found["items"]]) == (200, [str(mine.pk)])
    assert found["items"][0]["transports"] == ["internal", "hybrid"]
    for method in ("GET", "DELETE"):
        assert called(client, method, f"{OWN}/{theirs.pk}")[0] == 404
    assert called(client, "DELETE", f"{OWN}/{mine.pk}") == (204, None)
    assert [passkey.pk for passkey in Passkey.objects.all()] == [theirs.pk]
    assert len(events("accounts.passkey.removed")) == 1


def test_the_last_second_factor_of_whom_needs_one_stays(world: World, browser_of: Browser) -> None:
    mine, client = key_of(world.clerk), browser_of(world.clerk)
    status, problem = called(client, "DELETE", f"{OWN}/{mine.pk}")
    assert (status, problem["code"]) == (409, "accounts.factor_required")
    assert Passkey.objects.count() == 1


def test_removing_one_wants_a_confirmed_session(world: World, browser_of: Browser) -> None:
    mine, client = key_of(world.clerk), browser_of(world.clerk)
    with context.system("a test"), writing():
        world.clerk.sessions.update(confirmed_at=clock.now() - timedelta(minutes=11))
    status, problem = called(client, "DELETE", f"{OWN}/{mine.pk}")
    assert (status, problem["code"]) == (403, "kit.confirmation_required")
    assert Passkey.objects.count() == 1


def test_two_administrators_decide(world: World, browser_of: Browser) -> None:
    loser, second = carrier(), person("Second", role="admin")
    where = f"/api/v1/users/{loser.pk}/recovery"
    one, other = browser_of(world.admin), browser_of(second)
    status, made = called(one, "POST", where, {"reason": "Phone in the sea"})
    assert (status, made["state"], made["asked_by"]) == (201, "waiting", str(world.admin.pk))
    assert called(one, "POST", where, {"reason": "Once more"})[1]["code"] == "accounts.recovery_open"
    status, problem = called(one, "POST", f"{where}/{made['id']}/approve")
    assert (status, problem["code"]) == (403, "accounts.second_person_needed")
    assert denials() == ["accounts.second_person_needed"]
    status, done = called(other, "POST", f"{where}/{made['id']}/approve")
    assert (status, done["state"], done["approved_by"]) == (200, "approved", str(second.pk))
    assert not Passkey.objects.filter(user=loser).exists()
    assert called(other, "POST", f"{where}/{made['id']}/refuse", {})[0] == 410


def test_a_refusal_changes_nothing(world: World, browser_of: Browser) -> None:
    recovery = waiting(world.root)
    where = f"/api/v1/users/{recovery.user_id}/recovery/{recovery.pk}"
    status, done = called(browser_of(world.admin), "POST", f"{where}/refuse", {"reason": "Not them"})
    assert (status, done["state"], done["approved_by"]) == (200, "refused", None)
    assert Passkey.objects.filter(user=recovery.user_id).count() == 1
    assert events("accounts.recovery.refused")[0].reason == "Not them"


def test_a_recovery_is_found_below_its_person_alone(world: World, browser_of: Browser) -> None:
    recovery, client = waiting(world.root), browser_of(world.admin)
    before = OutboundMessage.objects.count()
    elsewhere = f"/api/v1/users/{world.clerk.pk}/recovery/{recovery.pk}"
    for method, path in (("GET", elsewhere), ("POST", f"{elsewhere}/approve"), ("POST", f"{elsewhere}/refuse")):
        assert called(client, method, path, {} if path.endswith("refuse") else None)[0] == 404
    assert (Recovery.objects.get().state, OutboundMessage.objects.count()) == ("waiting", before)
