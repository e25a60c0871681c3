"""What people prefer: set by themselves alone, worn from the first byte of every page, and by nobody else's request."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.models import User
from accounts.services.organisations import organisation_create
from accounts.services.preferences import preference_set
from portal.kit import context, errors, preferences, pseudo, registry
from portal.kit.preferences import Preferences
from portal.kit.services import writing
from portal.kit.templatetags import kit
from tests.accounts.helpers import events, sign_in, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
URL = "/api/v1/users/me/preferences"
PAGE = "/me/preferences"
ALL: dict[str, Any] = {
    "theme": "dark",
    "density": "compact",
    "font_size": "large",
    "contrast": "more",
    "motion": "reduce",
    "language": pseudo.CODE,
    "time_zone": "Asia/Kathmandu",
    "date_format": "iso",
    "number_format": "apostrophe",
    "start_page": "accounts.people",
    "shortcuts": False,
}


def _set(user: User, **values: Any) -> User:
    with context.acting(actor_of(user)):
        return preference_set(actor=actor_of(user), values=values)


def _first_tag(response: Any) -> str:
    html: str = response.content.decode()
    return html[html.index("<html") : html.index(">", html.index("<html")) + 1]


def _patch(client: Client, body: Any) -> Any:
    return client.patch(URL, json.dumps(body), content_type="application/json")


def test_every_preference_is_in_the_first_tag_of_the_page_that_needs_it(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    assert _first_tag(client.get("/platform/people")) == '<html lang="en" data-theme="system">'
    _set(world.manager, **ALL)
    assert _first_tag(client.get("/platform/people")) == (
        '<html lang="en-xa" data-theme="dark" data-density="compact" data-size="large" data-contrast="more" '
        'data-motion="reduce" data-shortcuts="off">'
    )
    refused = client.get("/platform/jobs/01890000-0000-7000-8000-000000000000")
    assert refused.status_code in {403, 404}
    assert 'data-theme="dark"' in _first_tag(refused)


def test_what_one_person_wears_the_next_request_of_the_thread_does_not(world: World, browser_of: Browser) -> None:
    dressed, plain = browser_of(world.manager), browser_of(world.admin)
    _set(world.manager, **ALL)
    assert 'data-theme="dark"' in _first_tag(dressed.get("/platform/people"))
    assert (translation.get_language(), timezone.get_current_timezone_name()) == ("en", "UTC")
    assert preferences.current() is preferences.DEFAULT
    assert _first_tag(plain.get("/platform/people")) == '<html lang="en" data-theme="system">'
    assert _first_tag(Client().get("/sign-in")) == '<html lang="en" data-theme="system">'


def test_times_follow_the_persons_zone_and_dates_and_numbers_its_formats() -> None:
    moment = datetime(2026, 1, 31, 20, 30, tzinfo=UTC)
    with preferences.worn(Preferences(time_zone="Asia/Kathmandu", date_format="iso", number_format="dot")):
        assert ">2026-02-01, 02:15:00 +0545<" in kit.when(moment, "exact")
        assert ">2026-02-01<" in kit.when(moment, "date")
        assert kit.count(1284067) == "1.284.067"
        assert kit.size(9_400) == "9,4\N{NO-BREAK SPACE}kB"
    assert ">31 Jan 2026, 20:30:00 UTC<" in kit.when(moment, "exact")
    assert kit.count(1284067) == "1,284,067"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", "3 Feb 2026"),
        ("iso", "2026-02-03"),
        ("dots", "03.02.2026"),
        ("slashes", "03/02/2026"),
        ("us", "02/03/2026"),
    ],
)
def test_a_day_is_written_as_chosen(form: str, text: str) -> None:
    with preferences.worn(Preferences(date_format=form)):
        assert preferences.day_text(date(2026, 2, 3)) == text


@pytest.mark.parametrize(
    ("form", "text"),
    [("comma", "1,234.5"), ("dot", "1.234,5"), ("space", "1\N{NARROW NO-BREAK SPACE}234,5"), ("apostrophe", "1’234.5")],
)
def test_a_number_is_written_as_chosen(form: str, text: str) -> None:
    with preferences.worn(Preferences(number_format=form)):
        assert preferences.number_text(1234.5, 1) == text
        assert preferences.number_text(-7) == "-7"


def test_all_are_set_over_the_api_and_told_in_the_trail(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    reply = _patch(client, ALL)
    assert (reply.status_code, reply.json()) == (200, ALL)
    assert client.get(URL).json() == ALL
    (event,) = events("accounts.user.updated")
    assert event.target_id == world.clerk.pk
    assert event.changes["time_zone"] == ["", "Asia/Kathmandu"]
    assert event.changes.keys() == ALL.keys()
    assert _patch(client, {"theme": "dark"}).json() == ALL
    assert len(events("accounts.user.updated")) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"theme": "pink"},
        {"theme": None},
        {"theme": ["dark"]},
        {"density": 1},
        {"language": "xx"},
        {"language": "../../etc"},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "/etc/passwd"},
        {"date_format": "%s"},
        {"start_page": "https://elsewhere.example"},
        {"start_page": "//elsewhere.example"},
        {"shortcuts": "perhaps"},
        {"volume": "loud"},
        {"is_root": True},
        {"kind": "service"},
        {"preferences": {}},
        {"theme": "dark", "is_active": False},
    ],
)
def test_what_is_not_offered_is_refused_and_nothing_is_kept(world: World, browser_of: Browser, body: Any) -> None:
    assert _patch(browser_of(world.clerk), body).status_code == 422
    world.clerk.refresh_from_db()
    assert (world.clerk.preferences, world.clerk.is_root, world.clerk.kind) == ({}, False, "person")
    assert events("accounts.user.updated") == []


def test_unknown_names_and_values_are_named_by_the_service(world: World) -> None:
    with pytest.raises(errors.Invalid) as refused:
        _set(world.clerk, theme="pink", is_root=True, shortcuts="yes")
    assert refused.value.fields.keys() == {"theme", "is_root", "shortcuts"}


def test_nobody_else_is_asked_and_no_session_is_refused(world: World, browser_of: Browser) -> None:
    for user in (world.root, world.manager, world.stranger):
        assert browser_of(user).get(URL).json()["theme"] == "system"
    assert Client().get(URL).status_code == 401
    assert _patch(Client(), {"theme": "dark"}).status_code == 401


@pytest.mark.parametrize("stored", ["[]", "1", '"dark"', "null"])
def test_the_database_takes_objects_alone(world: World, stored: str) -> None:
    with (
        context.system("a test"),
        writing(),
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounts_user SET preferences = %s::jsonb WHERE id = %s", [stored, world.clerk.pk])


def test_the_database_takes_no_more_than_four_kilobytes(world: World) -> None:
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.clerk.pk).update(preferences={"theme": "x" * 4100})


def test_what_an_older_version_stored_and_this_one_does_not_know_is_the_default(
    world: World, browser_of: Browser
) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(
            preferences={"theme": "sepia", "wallpaper": "cat", "density": "compact"}
        )
    client = browser_of(world.clerk)
    assert _first_tag(client.get("/me")) == '<html lang="en" data-theme="system" data-density="compact">'
    _set(world.clerk, theme="light")
    world.clerk.refresh_from_db()
    assert world.clerk.preferences == {"density": "compact", "theme": "light"}


def test_the_page_saves_everything_and_leaves_the_look_with_the_browser(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    page = text_of(client.get(PAGE))
    assert "Pseudo-locale" in page
    assert "People" in page
    sent = {**ALL, "language": "en"}
    del sent["shortcuts"]  # As a browser sends a switch that is off.
    reply = client.post(PAGE, sent)
    assert (reply.status_code, reply["Location"]) == (302, PAGE)
    assert reply.cookies["theme"].value == "dark"
    assert reply.cookies["look"].value == "density:compact|font_size:large|contrast:more|motion:reduce"
    assert (reply.cookies["look"]["httponly"], reply.cookies["look"]["samesite"]) == (True, "Lax")
    world.manager.refresh_from_db()
    assert world.manager.preferences == {**ALL, "language": "en"}
    before_sign_in = Client()
    for name in ("theme", "look"):
        before_sign_in.cookies[name] = reply.cookies[name].value
    assert 'data-theme="dark" data-density="compact" data-size="large"' in _first_tag(before_sign_in.get("/sign-in"))
    assert client.post(PAGE, {**sent, **dict.fromkeys(("density", "font_size"), "nonsense")}).status_code == 422


@pytest.mark.parametrize(
    "cookie", ["", "|||", "density", "density:", "theme:dark", "density:<b>", "a:b|" * 900, "language:../x"]
)
def test_a_hostile_cookie_of_the_look_is_the_default(cookie: str, db: None) -> None:
    client = Client()
    client.cookies["look"], client.cookies["theme"] = cookie, "<script>"
    assert _first_tag(client.get("/sign-in")) == '<html lang="en" data-theme="system">'


def test_what_a_person_set_outweighs_the_cookie_of_the_browser(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in _first_tag(client.get("/me"))
    _set(world.clerk, theme="light")
    assert 'data-theme="light"' in _first_tag(client.get("/me"))
    _set(world.clerk, theme="system")
    assert 'data-theme="system"' in _first_tag(client.get("/me"))


def test_the_sample_shows_what_is_chosen_and_keeps_nothing(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    asked = {"theme": "dark", "font_size": "larger", "number_format": "dot", "contrast": "<b>", "is_root": "1"}
    reply = client.get(f"{PAGE}/sample", asked, headers={"HX-Request": "true"})
    html = reply.content.decode()
    assert 'data-theme="dark"' in html
    assert 'data-size="larger"' in html
    assert 'data-contrast="system"' in html
    assert "1.284.067" in html
    assert "<html" not in html
    world.clerk.refresh_from_db()
    assert world.clerk.preferences == {}
    assert client.get(f"{PAGE}/sample")["Location"] == PAGE


def test_the_start_page_is_for_who_arrives_and_home_stays_reachable(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    _set(world.manager, start_page="accounts.people")
    assert client.get("/")["Location"] == "/platform/people"
    assert client.get("/", headers={"Referer": "http://testserver/sign-in"})["Location"] == "/platform/people"
    assert client.get("/", headers={"Referer": "http://testserver/platform/people"}).status_code == 200
    other = Client()
    assert sign_in(other, world.manager.username)["Location"] == "/"
    assert other.get("/")["Location"] == "/platform/people"


def test_a_start_page_that_one_may_not_open_is_home(world: World, browser_of: Browser) -> None:
    _set(world.stranger, start_page="accounts.people")
    assert browser_of(world.stranger).get("/").status_code == 200
    page = browser_of(world.stranger).get(PAGE).content.decode()
    assert "accounts.people" not in page
    assert "error" not in page
    _set(world.stranger, start_page="notifications")
    assert browser_of(world.stranger).get("/")["Location"] == "/me/notifications"


def test_the_organisation_as_start_page_is_the_first_open_one(world: World, browser_of: Browser) -> None:
    _set(world.stranger, start_page="organisation")
    client = browser_of(world.stranger)
    assert client.get("/").status_code == 200
    with context.system("a test") as current:
        organisation_create(actor=current.actor, name="Orchard", slug="orchard", owner=world.stranger)
    assert client.get("/")["Location"] == "/o/orchard/"


def test_every_offered_value_can_be_set(world: World) -> None:
    user = person("Everything")
    for name, offered in preferences.CHOICES.items():
        values = [value for value, _label in offered()]
        assert len(values) == len(set(values)) > 1, name
        for value in values if name != "time_zone" else values[::60]:
            _set(user, **{name: value})
            user.refresh_from_db()
            assert user.preferences[name] == value
    assert {value for value, _label in preferences.CHOICES["time_zone"]()} <= {*available_timezones(), ""}
    assert {value for value, _label in preferences.CHOICES["start_page"]() if "." in value} <= {
        item.name for item in registry.menu
    }


def test_the_pseudo_locale_is_no_language_of_production(settings: Settings) -> None:
    assert preferences.is_offered("language", pseudo.CODE)
    settings.PRODUCTION = True
    assert not preferences.is_offered("language", pseudo.CODE)
    assert preferences.of({"language": pseudo.CODE}).language == "en"


def test_the_pseudo_locale_changes_words_and_nothing_else() -> None:
    assert pseudo.text("Sign in") == "[Šîĝñ îñ··]"
    assert pseudo.text("<b>%(n)s of {target}</b> %d%%") == "[<b>%(n)s öf {target}</b> %d%%·········]"
    assert pseudo.text(" ") == " "
    with translation.override(pseudo.CODE):
        assert translation.gettext("People") == "[Þéöþļé··]"
        assert translation.ngettext("%(n)s day", "%(n)s days", 2) % {"n": 2} == "[2 ðåýš···]"
        assert translation.pgettext("date format, day month year", "j M Y") == "j M Y"


def test_the_installations_zone_is_that_of_who_chose_none(
    settings: Settings, world: World, browser_of: Browser
) -> None:
    settings.STEWARD_TIME_ZONE = "Asia/Tokyo"
    assert "JST" in browser_of(world.clerk).get(PAGE).content.decode()
    assert timezone.get_current_timezone_name() == "UTC"
