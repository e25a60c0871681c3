"""Maintenance mode: who is held up, who gets through, what is answered, and how processes learn of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context, errors, ids
from portal.kit.mode import gate, services, state
from portal.kit.models import MaintenanceWindow, OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import sign_in
from tests.accounts.organisation_world import make_house
from tests.factories import World, actor_of
from tests.waiting import wait_for

Browse = Callable[[User], Client]
API = "/api/v1/users/me/session-info"


def begin(who: User, **values: Any) -> MaintenanceWindow:
    """Maintenance entered by a person."""
    actor = actor_of(who)
    with context.acting(actor):
        return services.window_create(actor=actor, **({"kind": "closed", "reason": "New disks"} | values))


def end(who: User, window: MaintenanceWindow) -> None:
    """Ended by a person."""
    actor = actor_of(who)
    with context.acting(actor):
        services.window_end(actor=actor, window=window)


# --- what is answered ---


def test_a_closed_portal_answers_a_page_that_says_why_and_until_when(world: World, browser_of: Browse) -> None:
    begin(world.root, message="We add disks.", ends_at=clock.now() + timedelta(minutes=30))
    reply = browser_of(world.stranger).get("/")
    assert reply.status_code == 503
    assert 1790 <= int(reply["Retry-After"]) <= 1800
    text = reply.content.decode()
    assert "We add disks." in text
    assert "It should be open again:" in text
    assert "/sign-in" in text
    assert reply["Content-Security-Policy"]


def test_a_closed_portal_answers_programs_with_a_problem_and_its_code(world: World, browser_of: Browse) -> None:
    begin(world.root, message="We add disks.")
    reply = browser_of(world.clerk).get(API)
    assert reply.status_code == 503
    assert reply["Content-Type"] == "application/problem+json"
    assert reply["Retry-After"] == str(gate.RETRY_SECONDS)
    told = json.loads(reply.content)
    assert told["code"] == "kit.under_maintenance"
    assert "We add disks." in told["detail"]
    assert told["error_id"]


def test_nobody_is_sent_away_for_longer_than_an_hour(world: World, browser_of: Browse) -> None:
    begin(world.root, ends_at=clock.now() + timedelta(days=2))
    assert browser_of(world.clerk).get(API)["Retry-After"] == str(gate.RETRY_LIMIT)


def test_read_only_lets_people_read_and_keeps_nothing_that_they_send(world: World, browser_of: Browse) -> None:
    begin(world.root, kind="read_only", message="Counting.")
    client = browser_of(world.manager)
    page = client.get("/platform/people")
    assert page.status_code == 200
    assert "No changes at the moment." in page.content.decode()
    before = User.objects.count(), Event.objects.count(), OutboundMessage.objects.count()
    sent = {"name": "Ada", "username": "ada.new", "email": "ada.new@example.com"}
    for reply in (
        client.post("/platform/people/new", sent),
        client.post("/api/v1/users", json.dumps(sent), content_type="application/json"),
        client.delete(f"/api/v1/users/{world.clerk.pk}"),
    ):
        assert reply.status_code == 503
        assert reply["Retry-After"]
        assert "Steward takes no changes at the moment" in reply.content.decode()
    assert (User.objects.count(), Event.objects.count(), OutboundMessage.objects.count()) == before


def test_whoever_is_not_signed_in_is_held_up_as_well(world: World) -> None:
    begin(world.root)
    assert Client().get("/").status_code == 503
    assert Client().get("/password/some-token").status_code == 503


def test_the_sign_in_the_probes_and_the_static_files_still_answer(world: World) -> None:
    begin(world.root)
    client = Client()
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    assert client.get("/sign-in").status_code == 200
    assert client.get("/static/kit/tokens.css").status_code == 200
    assert sign_in(client, world.admin.username).status_code == 302
    assert client.get("/platform/people").status_code == 200
    assert client.post("/sign-out").status_code == 302
    assert client.get("/platform/people").status_code == 503


# --- who gets through ---


@pytest.mark.parametrize("kind", ["closed", "read_only"])
def test_administrators_of_the_platform_get_through_and_see_that_it_is_on(
    world: World, browser_of: Browse, kind: str
) -> None:
    begin(world.root, kind=kind, message="We add disks.")
    for who in (world.root, world.admin):
        client = browser_of(who)
        page = client.get("/platform/people")
        assert page.status_code == 200
        assert "We add disks." in page.content.decode()
        assert client.post("/me/theme", {"theme": "dark"}).status_code < 400
    for who in (world.manager, world.clerk, world.stranger):
        client = browser_of(who)
        assert client.get("/").status_code == (503 if kind == "closed" else 200)
        assert client.post("/me/theme", {"theme": "dark"}).status_code == 503


def test_owners_of_organisations_are_held_up_and_administrators_inside_one_are_not(
    browser_of: Browse, world: World
) -> None:
    house = make_house("Harbour")
    begin(world.root)
    assert browser_of(house.owner).get(house.url()).status_code == 503
    assert gate.is_administrator(house.inside(world.admin))
    assert not gate.is_administrator(house.inside(house.owner))


def test_who_stands_on_the_list_gets_through(world: World, browser_of: Browse) -> None:
    begin(world.root, people=[world.clerk.pk], addresses=["198.51.100.7", "2001:db8::/32"])
    assert browser_of(world.clerk).get("/").status_code == 200
    assert browser_of(world.stranger).get("/").status_code == 503
    for address, status in (("198.51.100.7", 200), ("2001:db8::17", 200), ("198.51.100.8", 503), ("2001:db9::1", 503)):
        client = browser_of(world.stranger)
        assert client.get("/", REMOTE_ADDR=address).status_code == status, address


def test_a_forwarded_address_is_believed_no_more_than_anywhere_else(world: World, browser_of: Browse) -> None:
    begin(world.root, addresses=["198.51.100.7"])
    reply = browser_of(world.stranger).get("/", headers={"X-Forwarded-For": "198.51.100.7"})
    assert reply.status_code == 503


# --- times ---


def test_it_ends_by_itself_at_its_time(world: World, browser_of: Browse) -> None:
    begin(world.root, ends_at=clock.now() + timedelta(minutes=10))
    client = browser_of(world.stranger)
    assert client.get("/").status_code == 503
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        assert client.get("/").status_code == 200


def test_planned_maintenance_announces_itself_and_begins_on_time(world: World, browser_of: Browse) -> None:
    start = clock.now().replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=2)
    begin(world.root, starts_at=start, ends_at=start + timedelta(hours=1))
    client = browser_of(world.stranger)
    page = client.get("/").content.decode()
    assert f"Maintenance on {start:%A}, {start.day} {start:%B}, 02:00 to 03:00 UTC." in page
    assert "The portal will be closed." in page
    with clock.at(start + timedelta(minutes=1)):
        # The session is idle for too long by then; what is asked is whether the gate holds.
        assert Client().get("/").status_code == 503
    with clock.at(start + timedelta(hours=1)):
        assert Client().get("/").status_code == 302


def test_what_is_more_than_a_week_away_is_not_announced_yet(world: World, browser_of: Browse) -> None:
    begin(world.root, starts_at=clock.now() + timedelta(days=8))
    assert "Maintenance on" not in browser_of(world.stranger).get("/").content.decode()


def test_ending_it_opens_the_portal_at_once(world: World, browser_of: Browse) -> None:
    window = begin(world.root)
    client = browser_of(world.stranger)
    assert client.get("/").status_code == 503
    end(world.root, window)
    assert client.get("/").status_code == 200


# --- how a process knows ---


def test_no_request_pays_a_query_for_it(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    client.get("/platform/jobs")

    def number() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get("/platform/jobs").status_code == 200
        return len(found)

    fresh = number()
    state.forget()
    assert number() == fresh
    begin(world.root, kind="read_only")
    assert number() == fresh


def test_another_process_goes_by_it_within_seconds(own_database: dict[str, str], world: World) -> None:
    assert state.in_force() is None
    actor = actor_of(world.root)
    with context.acting(actor), writing():
        # As another process would: nothing tells this one to look again.
        MaintenanceWindow(kind="closed", reason="Elsewhere", starts_at=clock.now(), people=[], addresses=[]).save()
    wait_for(lambda: state.in_force() is not None, what="the state to be read again", seconds=10)


def test_with_the_database_away_the_last_word_holds_and_a_new_process_is_open(
    own_database: dict[str, str], world: World
) -> None:
    begin(world.root)
    assert state.in_force() is not None
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    try:
        state._kept.until = 0.0
        assert state.in_force() is not None
        assert state._kept.until > 0.0, "It is not asked for again at once."
        state.forget()
        assert state.in_force() is None
    finally:
        connection.settings_dict["PORT"] = port
        connection.close()
        state.forget()
    assert state.in_force() is not None


# --- the services ---


@pytest.mark.parametrize("who", ["admin", "manager", "clerk", "stranger"])
def test_only_who_runs_the_installation_begins_changes_or_ends_it(world: World, who: str) -> None:
    window = begin(world.root, kind="read_only")
    actor, before = actor_of(getattr(world, who)), Event.objects.count()
    with context.acting(actor):
        calls: tuple[Callable[[], object], ...] = (
            lambda: services.window_create(actor=actor, kind="closed", reason="Mine"),
            lambda: services.window_update(actor=actor, window=window, values={"message": "Mine"}),
            lambda: services.window_end(actor=actor, window=window),
        )
        for call in calls:
            with pytest.raises(errors.Forbidden):
                call()
    row = MaintenanceWindow.objects.get()
    assert (row.message, row.ended_at) == ("", None)
    assert Event.objects.count() == before


def test_each_act_leaves_its_event_with_the_reason(world: World) -> None:
    now, actor = clock.now(), actor_of(world.root)
    running = begin(world.root, people=[world.clerk.pk], ends_at=now + timedelta(hours=1))
    planned = begin(world.root, starts_at=now + timedelta(hours=2))
    with context.acting(actor):
        services.window_update(actor=actor, window=running, values={"message": "Longer", "starts_at": now})
        services.window_update(actor=actor, window=running, values={"message": "Longer"})
    end(world.root, running)
    end(world.root, planned)
    codes = ["entered", "planned", "changed", "left", "cancelled"]
    told = list(Event.objects.filter(code__startswith="kit.maintenance.").order_by("id"))
    assert [event.code for event in told] == [f"kit.maintenance.{code}" for code in codes]
    assert told[0].reason == "New disks"
    assert list(told[2].changes) == ["message"]
    assert str(world.clerk.pk) not in json.dumps(told[0].changes), "Who is on the list is personal."
    planned.refresh_from_db()
    assert planned.ended_at == planned.starts_at


def test_what_is_over_is_not_ended_or_changed_again(world: World) -> None:
    window, actor = begin(world.root), actor_of(world.root)
    end(world.root, window)
    before = Event.objects.count()
    with context.acting(actor):
        with pytest.raises(services.MaintenanceOver):
            services.window_end(actor=actor, window=window)
        with pytest.raises(services.MaintenanceOver):
            services.window_update(actor=actor, window=window, values={"message": "Late"})
    assert Event.objects.count() == before


def test_two_at_once_are_refused_by_the_service_and_by_the_database(world: World) -> None:
    now = clock.now()
    begin(world.root, ends_at=now + timedelta(hours=1))
    before = Event.objects.count()
    with pytest.raises(services.MaintenanceOverlaps):
        begin(world.root, starts_at=now + timedelta(minutes=30))
    assert MaintenanceWindow.objects.count() == 1
    assert Event.objects.count() == before
    begin(world.root, starts_at=now + timedelta(hours=1))
    with context.system("a test"), pytest.raises(DatabaseError, match="kit_maintenance_apart"), writing():
        MaintenanceWindow(kind="closed", reason="x", starts_at=now + timedelta(hours=2), people=[], addresses=[]).save()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "ajar"}, "kind"),
        ({"reason": "  "}, "reason"),
        ({"message": "m" * 501}, "message"),
        ({"ends_at": clock.now() - timedelta(minutes=1)}, "ends_at"),
        ({"starts_at": clock.now() + timedelta(days=400)}, "starts_at"),
        ({"addresses": ["192.0.2.300"]}, "addresses"),
        ({"addresses": [f"192.0.2.{n}" for n in range(51)]}, "addresses"),
        ({"people": [ids.uuid7()]}, "people"),
    ],
)
def test_bad_values_are_refused_by_name_and_nothing_begins(world: World, values: dict[str, Any], field: str) -> None:
    before = Event.objects.count()
    with pytest.raises(errors.Invalid) as caught:
        begin(world.root, **values)
    assert field in caught.value.fields
    assert not MaintenanceWindow.objects.exists()
    assert Event.objects.count() == before
    assert state.in_force() is None
