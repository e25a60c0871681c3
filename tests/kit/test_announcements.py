"""Banners and the pages of those who write them; the pages of maintenance."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context
from portal.kit.errors import Conflict
from portal.kit.mode import services, state
from portal.kit.models import Announcement, MaintenanceWindow
from portal.kit.notices import announcements
from tests.accounts.organisation_world import make_house
from tests.factories import World, actor_of

Browse = Callable[[User], Client]
LIST = "/platform/announcements"
MODE = "/platform/maintenance"
FORM = {"title": "Planned work", "text": "Tonight.", "tone": "warn", "audience": "everyone", "dismissible": "on"}


def write(who: User, **values: Any) -> Announcement:
    """An announcement by a person."""
    actor = actor_of(who)
    with context.acting(actor):
        return announcements.announcement_create(actor=actor, values={"title": "Planned work"} | values)


def titles(client: Client, page: str = "/") -> list[str]:
    """What the banners of a page say first."""
    return [notice["title"] for notice in client.get(page).context["shell"].notices]


# --- who sees them ---


def test_staff_sees_what_is_for_staff_and_others_do_not(world: World, browser_of: Browse) -> None:
    write(world.root, audience="staff", title="For staff")
    house = make_house("Harbour")
    assert "For staff" in titles(browser_of(world.clerk))
    assert "For staff" not in titles(browser_of(world.stranger))
    assert "For staff" not in titles(browser_of(house.owner), house.url())


def test_one_for_an_organisation_stands_on_its_pages_alone(world: World, browser_of: Browse) -> None:
    here, there = make_house("Here"), make_house("There")
    write(world.root, audience="organisation", organisation_id=here.id, title="For Here")
    assert "For Here" in titles(browser_of(here.viewer), here.url())
    assert "For Here" not in titles(browser_of(here.viewer), "/me")
    assert "For Here" not in titles(browser_of(there.viewer), there.url())


def test_an_audience_and_its_organisation_go_together(world: World) -> None:
    house = make_house("Here")
    for values in ({"audience": "organisation"}, {"audience": "staff", "organisation_id": house.id}):
        with pytest.raises(Exception, match="Name an organisation"):
            write(world.root, **values)
    assert not Announcement.objects.exists()


def test_whoever_is_not_signed_in_sees_what_is_for_everybody(world: World) -> None:
    write(world.root, title="We move house.")
    write(world.root, title="For staff.", audience="staff")
    page = Client().get("/sign-in").content.decode()
    assert "We move house." in page
    assert "For staff." not in page


def test_a_reader_puts_a_banner_away_and_others_still_see_it(world: World, browser_of: Browse) -> None:
    row = write(world.root)
    client = browser_of(world.stranger)
    assert f"/me/announcements/{row.pk}/dismiss" in client.get("/").content.decode()
    reply = client.post(f"/me/announcements/{row.pk}/dismiss", {"next": "/me/notifications"})
    assert (reply.status_code, reply["Location"]) == (302, "/me/notifications")
    assert reply.cookies["told"]["httponly"]
    assert titles(client) == []
    assert titles(browser_of(world.clerk)) == ["Planned work"]


def test_what_cannot_be_put_away_stays(world: World, browser_of: Browse) -> None:
    row = write(world.root, dismissible=False)
    client = browser_of(world.stranger)
    assert "/dismiss" not in client.get("/").content.decode()
    assert client.post(f"/me/announcements/{row.pk}/dismiss").status_code == 404
    assert titles(client) == ["Planned work"]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_putting_away_never_leads_out_of_the_portal(world: World, browser_of: Browse, back: str) -> None:
    row = write(world.root)
    reply = browser_of(world.stranger).post(f"/me/announcements/{row.pk}/dismiss", {"next": back})
    assert reply["Location"] == "/"


def test_a_cookie_that_somebody_made_up_hides_nothing_and_does_not_grow(world: World, browser_of: Browse) -> None:
    row = write(world.root)
    client = browser_of(world.stranger)
    client.cookies["told"] = ".".join(["x" * 12] * 500) + "<script>"
    assert titles(client) == ["Planned work"]
    reply = client.post(f"/me/announcements/{row.pk}/dismiss")
    assert len(reply.cookies["told"].value) < 500
    assert "<" not in reply.cookies["told"].value


def test_a_title_is_shown_as_text(world: World, browser_of: Browse) -> None:
    write(world.root, title="<script>alert(1)</script>")
    assert "<script>alert" not in browser_of(world.stranger).get("/").content.decode()


# --- the pages of those who write them ---


def test_one_is_written_changed_and_ended_by_its_pages(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    assert client.post(f"{LIST}/new", FORM).status_code == 302
    row = Announcement.objects.get()
    assert (row.title, row.tone, row.audience, row.dismissible) == ("Planned work", "warn", "everyone", True)
    assert "Planned work" in client.get(LIST).content.decode()
    started = row.starts_at
    changed = client.post(f"{LIST}/{row.pk}", FORM | {"title": "Moved", "dismissible": ""})
    assert changed.status_code == 302
    row.refresh_from_db()
    assert (row.title, row.dismissible, row.starts_at) == ("Moved", False, started)
    assert client.post(f"{LIST}/{row.pk}/end").status_code == 302
    row.refresh_from_db()
    assert row.ends_at is not None
    assert titles(client) == []
    with pytest.raises(Conflict), context.acting(actor_of(world.root)) as current:
        announcements.announcement_end(actor=current.actor, row=row)
    told = Event.objects.filter(target_id=row.pk).order_by("id").values_list("code", flat=True)
    assert list(told) == ["kit.announcement.created", "kit.announcement.updated", "kit.announcement.updated"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"title": ""}, "This field is required"),
        ({"tone": "loud"}, "Select a valid choice"),
        ({"audience": "organisation"}, "Name the organisation that it is for."),
        ({"audience": "organisation", "organisation": "nowhere"}, "There is no organisation of this short name."),
        ({"organisation": "somewhere"}, "Leave this empty, or show it to one organisation."),
        ({"starts_at": "2030-01-02T03:00", "ends_at": "2030-01-01T03:00"}, "It has to end after it starts."),
        ({"starts_at": "tomorrow"}, "Enter a valid date/time."),
    ],
)
def test_a_form_that_is_wrong_says_where_and_keeps_nothing(
    world: World, browser_of: Browse, values: dict[str, str], said: str
) -> None:
    reply = browser_of(world.root).post(f"{LIST}/new", FORM | values)
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("who", ["admin", "manager", "clerk", "stranger"])
def test_nobody_else_writes_announcements_or_maintenance(world: World, browser_of: Browse, who: str) -> None:
    row = write(world.root)
    client = browser_of(getattr(world, who))
    for page in (LIST, f"{LIST}/new", f"{LIST}/{row.pk}", MODE):
        assert client.get(page).status_code == 403
    for page in (f"{LIST}/new", f"{LIST}/{row.pk}", f"{LIST}/{row.pk}/end", MODE):
        assert client.post(page, FORM | {"title": "Mine"}).status_code == 403
    row.refresh_from_db()
    assert (row.title, row.ends_at) == ("Planned work", None)
    assert not MaintenanceWindow.objects.exists()


# --- the pages of maintenance ---


def test_maintenance_is_begun_changed_and_ended_by_its_pages(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    sent = {"kind": "closed", "reason": "Disks", "message": "Back soon", "people": world.clerk.username}
    assert client.post(MODE, sent | {"addresses": "192.0.2.7\n192.0.2.128/25"}).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert (window.people, window.addresses) == ([str(world.clerk.pk)], ["192.0.2.128/25", "192.0.2.7/32"])
    assert window.entered_by == world.root
    page = client.get(MODE).content.decode()
    assert "In force" in page
    assert "Back soon" in page
    form = client.get(f"{MODE}/{window.pk}").content.decode()
    assert str(world.clerk.pk) in form
    end = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    changed = {"kind": "read_only", "message": "Nearly", "ends_at": end, "people": str(world.clerk.pk)}
    assert client.post(f"{MODE}/{window.pk}", changed).status_code == 302
    window.refresh_from_db()
    assert (window.kind, window.message, window.addresses) == ("read_only", "Nearly", [])
    assert window.ends_at is not None
    assert client.post(f"{MODE}/{window.pk}/end").status_code == 302
    assert state.in_force() is None
    again = client.post(f"{MODE}/{window.pk}/end", follow=True)
    assert "That maintenance" not in again.content.decode()
    assert "Nothing is left to change" in again.content.decode()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": ""}, "This field is required"),
        ({"people": "nobody.of.this.name"}, "Nobody has the user name or address nobody.of.this.name."),
        ({"addresses": "everywhere"}, "Write addresses like 192.0.2.7"),
        ({"ends_at": "2020-01-01T00:00"}, "It has to end after it starts, and later than now."),
    ],
)
def test_a_form_of_maintenance_that_is_wrong_begins_nothing(
    world: World, browser_of: Browse, values: dict[str, str], said: str
) -> None:
    reply = browser_of(world.root).post(MODE, {"kind": "closed", "reason": "Disks"} | values)
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert not MaintenanceWindow.objects.exists()


def test_a_second_one_at_that_time_is_refused_on_the_page(world: World, browser_of: Browse) -> None:
    actor = actor_of(world.root)
    with context.acting(actor):
        services.window_create(actor=actor, kind="closed", reason="Disks")
    reply = browser_of(world.root).post(MODE, {"kind": "closed", "reason": "Disks"})
    assert reply.status_code == 409
    assert "End or change the other one first" in reply.content.decode()
    assert MaintenanceWindow.objects.count() == 1
