"""The page of a person: its tabs, each with a right of its own, sessions ended from there, and what it costs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.agents import device
from accounts.models import Session, User
from accounts.services import sessions
from accounts.services.memberships import membership_add, membership_suspend, roles_by_code
from accounts.services.organisations import organisation_create
from portal.kit import clock, context, errors
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Binding, Permission, Role, RolePermission
from tests.accounts.helpers import denials, events, text_of
from tests.factories import World, actor_of, person, signed_in

Browser = Callable[[User], Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _url(user: User, tab: str = "") -> str:
    return f"/platform/people/{user.pk}" + (f"?tab={tab}" if tab else "")


def _tabs(response: Any) -> list[str]:
    return [str(tab["label"]) for tab in response.context["tabs"]]


def _reader(*codes: str) -> User:
    """Somebody who holds just these codes."""
    user = person("Reader")
    with context.system("a test") as current, writing():
        role = Role.objects.create(catalogue="platform", code="only", label="Only", rank=1)
        for code in codes:
            RolePermission.objects.create(role=role, permission=Permission.objects.get(code=code))
        rbac.binding_grant(actor=current.actor, person_id=user.pk, role=role)
    return user


def test_an_administrator_sees_every_tab(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    response = client.get(_url(world.clerk))
    assert _tabs(response) == ["Overview", "Access", "Sessions", "Security", "Activity", "Notes", "History"]
    for tab in ("access", "sessions", "activity", "notes", "history"):
        response = client.get(_url(world.clerk, tab))
        assert response.status_code == 200, tab
        assert [one["label"] for one in response.context["tabs"] if one["current"]] == [tab.capitalize()]


def test_a_tab_without_its_right_is_neither_shown_nor_answered(world: World, browser_of: Browser) -> None:
    client = browser_of(_reader("user:read"))
    assert _tabs(client.get(_url(world.clerk))) == ["Overview", "Access"]
    for tab in ("sessions", "activity", "notes", "history"):
        assert client.get(_url(world.clerk, tab)).status_code == 403, tab
        assert client.post(_url(world.clerk, tab), {"do": "end-all", "text": "x"}).status_code == 403, tab
    assert denials() == ["kit.forbidden"] * 8
    assert not events("kit.note.added") + events("accounts.session.revoked")


@pytest.mark.parametrize("tab", ["nonsense", "Overview", "../history", "%00"])
def test_a_tab_that_is_none_is_not_found(world: World, browser_of: Browser, tab: str) -> None:
    assert browser_of(world.admin).get(f"/platform/people/{world.clerk.pk}?tab={tab}").status_code == 404


@pytest.mark.parametrize("tab", ["", "access", "activity", "history"])
def test_a_tab_without_forms_takes_none(world: World, browser_of: Browser, tab: str) -> None:
    assert browser_of(world.admin).post(_url(world.clerk, tab), {"do": "end-all"}).status_code == 405


def test_access_tells_who_gave_a_role_why_and_until_when(world: World, browser_of: Browser) -> None:
    url = f"/platform/people/{world.stranger.pk}/role"
    browser_of(world.root).post(url, {"do": "give", "role": "manager", "reason": "covers for Ada"})
    with context.system("a test"), writing():
        Binding.objects.filter(user=world.stranger).update(expires_at=clock.now() + timedelta(days=3))
    text = text_of(browser_of(world.root).get(_url(world.stranger, "access")))
    assert f"Given by {world.root.name}" in text
    assert "covers for Ada" in text
    assert "Ends" in text
    assert "Sees people, jobs and the audit trail" in text
    with clock.at(clock.now() + timedelta(days=4)):
        assert "covers for Ada" not in text_of(signed_in(world.root).get(_url(world.stranger, "access")))


def test_every_role_shows_what_it_is_for_and_how_many_hold_it(world: World, browser_of: Browser) -> None:
    person("Second manager", role="manager")
    response = browser_of(world.root).get(_url(world.clerk, "access"))
    counts = {role["label"]: role["count"] for role in response.context["all_roles"]}
    assert counts["Manager"] == 2
    assert counts["Super admin"] == 1
    assert all(role["text"] for role in response.context["all_roles"])


def test_the_organisations_of_a_person_stand_on_its_page_for_who_may_see_them(
    world: World, browser_of: Browser
) -> None:
    with context.system("a test") as current:
        orchard = organisation_create(actor=current.actor, name="Orchard", slug="orchard", owner=world.clerk)
        quarry = organisation_create(actor=current.actor, name="Quarry", slug="quarry", owner=world.admin)
        role = roles_by_code()["viewer"]
        membership = membership_add(actor=current.actor, organisation=quarry, user=world.clerk, role=role)
        membership_suspend(actor=current.actor, membership=membership)
    reply = browser_of(world.admin).get(_url(world.clerk))
    shown = [(one["label"], one["role"], str(one["state"])) for one in reply.context["organisations"]]
    assert shown == [("Orchard", "Owner", ""), ("Quarry", shown[1][1], "Suspended")]
    assert f"/platform/organisations/{orchard.pk}" in reply.content.decode()
    assert "Orchard" not in text_of(browser_of(_reader("user:read")).get(_url(world.clerk)))


def test_refused_buttons_of_the_rare_acts_say_why_too(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    root = client.get(_url(world.root)).content.decode()
    assert "The root administrator cannot be erased." in root
    for act in ("erase", "link", "password", "unlock"):
        assert f'action="/platform/people/{world.root.pk}/{act}"' not in root
    assert "You cannot erase yourself. Ask another administrator." in client.get(_url(world.admin)).content.decode()
    idle = person("Idle", is_active=False)
    assert "Activate the account first." in client.get(_url(idle)).content.decode()


def test_sessions_are_listed_and_one_is_ended(world: World, browser_of: Browser) -> None:
    first, second = signed_in(world.clerk), signed_in(world.clerk)
    with context.system("a test"), writing():
        Session.objects.filter(user=world.clerk).update(agent=FIREFOX, address="203.0.113.9")
    client = browser_of(world.admin)
    response = client.get(_url(world.clerk, "sessions"))
    assert [row["device"] for row in response.context["sessions"]] == ["Firefox on Linux"] * 2
    assert "203.0.113.9" in text_of(response)
    key = response.context["sessions"][0]["id"]
    reply = client.post(_url(world.clerk, "sessions"), {"do": "end", "session": key})
    assert reply["Location"] == _url(world.clerk, "sessions")
    assert sorted(one.get("/api/v1/auth/session").status_code for one in (first, second)) == [200, 401]
    (event,) = events("accounts.session.revoked")
    assert (event.actor_id, event.target_id, event.data) == (world.admin.pk, world.clerk.pk, {"sessions_ended": 1})
    client.post(_url(world.clerk, "sessions"), {"do": "end", "session": key})
    assert len(events("accounts.session.revoked")) == 1


def test_all_sessions_end_at_once(world: World, browser_of: Browser) -> None:
    victims = [signed_in(world.clerk) for _ in range(3)]
    other = signed_in(world.manager)
    browser_of(world.admin).post(_url(world.clerk, "sessions"), {"do": "end-all"})
    assert {one.get("/api/v1/auth/session").status_code for one in victims} == {401}
    assert other.get("/api/v1/auth/session").status_code == 200
    assert events("accounts.session.revoked")[0].data == {"sessions_ended": 3}


def test_ending_all_of_ones_own_keeps_the_browser_that_asked(world: World) -> None:
    here, there = signed_in(world.admin), signed_in(world.admin)
    assert "This browser" in text_of(here.get(_url(world.admin, "sessions")))
    here.post(_url(world.admin, "sessions"), {"do": "end-all"})
    assert here.get("/api/v1/auth/session").status_code == 200
    assert there.get("/api/v1/auth/session").status_code == 401


def test_a_session_of_somebody_else_is_not_ended_under_a_wrong_name(world: World, browser_of: Browser) -> None:
    client = signed_in(world.root)
    key = Session.objects.get(user=world.root).pk
    browser_of(world.admin).post(_url(world.clerk, "sessions"), {"do": "end", "session": str(key)})
    assert client.get("/api/v1/auth/session").status_code == 200
    for broken in ("", "nonsense", "1"):
        reply = browser_of(world.admin).post(_url(world.clerk, "sessions"), {"do": "end", "session": broken})
        assert reply.status_code == 404
    assert not events("accounts.session.revoked")


@pytest.mark.parametrize("target", ["root", "boss"])
def test_sessions_of_root_and_of_who_ranks_above_stay(world: World, browser_of: Browser, target: str) -> None:
    user = world.root if target == "root" else person("Boss", role="super_admin")
    victim = signed_in(user)
    client = browser_of(world.admin)
    assert "End session" not in text_of(client.get(_url(user, "sessions"))).replace("End sessions", "")
    assert client.post(_url(user, "sessions"), {"do": "end-all"}).status_code == 403
    assert victim.get("/api/v1/auth/session").status_code == 200
    assert not events("accounts.session.revoked")


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_ends_no_session(world: World, who: str) -> None:
    victim, actor = signed_in(world.clerk), actor_of(getattr(world, who))
    with context.acting(actor), pytest.raises(errors.Forbidden):
        sessions.sessions_revoke(actor=actor, user=world.clerk)
    key = Session.objects.get(user=world.clerk).pk
    with context.acting(actor), pytest.raises(errors.Forbidden):
        sessions.session_revoke(actor=actor, user=world.clerk, session_id=key)
    assert victim.get("/api/v1/auth/session").status_code == 200
    assert not events("accounts.session.revoked")


def test_activity_is_what_the_person_did_and_history_what_happened_to_it(world: World, browser_of: Browser) -> None:
    browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/deactivate", {"reason": "left"})
    client = browser_of(world.root)
    done = text_of(client.get(_url(world.admin, "activity")))
    assert f"{world.clerk.name} was deactivated" in done
    history = client.get(_url(world.clerk, "history"))
    assert f"{world.clerk.name} was deactivated" in text_of(history)
    assert "left" in text_of(history)
    assert "1 field changed" in text_of(history)
    assert f"/platform/audit?target={world.clerk.pk}" in history.content.decode()
    assert f"{world.clerk.name} was deactivated" not in text_of(client.get(_url(world.clerk, "activity")))


def test_a_long_history_goes_on_on_the_next_page(world: World, browser_of: Browser) -> None:
    admin = browser_of(world.admin)
    for _ in range(12):
        admin.post(f"/platform/people/{world.clerk.pk}/deactivate")
        admin.post(f"/platform/people/{world.clerk.pk}/activate")
    first = admin.get(_url(world.clerk, "history"))
    assert first.context["page"]["next_url"].startswith("?tab=history&cursor=")
    second = admin.get(f"/platform/people/{world.clerk.pk}{first.context['page']['next_url']}")
    seen = {str(event.id) for event in first.context["events"]} & {str(event.id) for event in second.context["events"]}
    assert second.status_code == 200
    assert seen == set()
    assert admin.get(_url(world.clerk, "history") + "&cursor=nonsense").status_code == 400


@pytest.mark.parametrize("tab", ["", "access", "sessions", "activity", "notes", "history"])
def test_no_tab_costs_more_with_more_to_show(world: World, browser_of: Browser, tab: str) -> None:
    client = browser_of(world.root)
    quiet, busy = person("Quiet", role="user"), person("Busy", role="user")
    act = browser_of(world.admin)
    for user, times in ((quiet, 1), (busy, 8)):
        for _ in range(times):
            signed_in(user)
            act.post(f"/platform/people/{user.pk}/activate")
            act.post(_url(user, "notes"), {"text": "A note."})
            act.post(
                f"/platform/people/{user.pk}/edit", {"name": "Somebody", "username": user.username, "email": user.email}
            )

    def statements(user: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(_url(user, tab)).status_code == 200
        return len(queries)

    statements(busy)
    assert statements(busy) == statements(quiet)
    assert statements(busy) <= 14


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1 Version/18.0 Safari/605.1", "Safari on macOS"),
        ("curl/8.0", "curl"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_is_told_by_its_name(agent: str, name: str) -> None:
    assert device(agent) == name
