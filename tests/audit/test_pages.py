"""The pages of the trail: who may see them, what they show, and what they cost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import personal
from audit.models import Event
from portal.kit import context, jobs
from portal.kit.context import Actor
from portal.kit.record import record
from rbac import services as roles
from rbac.models import Role
from tests.audit.support import CODE, ago, plant, told_of, unsaved
from tests.audit.test_filters import HOSTILE
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
URL = "/platform/audit"
BrowserOf = Callable[[User], Client]


def text_of(reply: object) -> str:
    """The page as a reader meets it."""
    content: bytes = reply.content  # type: ignore[attr-defined]
    return unescape(content.decode())


def test_the_trail_shows_what_happened_grouped_by_day(world: World, browser_of: BrowserOf) -> None:
    told_of(world.clerk, {"is_active": (True, False)}, by=actor_of(world.admin))
    reply = browser_of(world.manager).get(URL)
    page = text_of(reply)
    assert reply.status_code == 200
    assert "Clerk was changed" in page
    assert "Today" in page
    # The sentence names the person already; the event's own page links to it.
    link = re.search(rf'href="({URL}/[0-9a-f-]+)"[^>]*>\s*Clerk was changed', page)
    assert link is not None
    assert f'href="/platform/people/{world.clerk.pk}"' in text_of(browser_of(world.manager).get(link.group(1)))


def test_the_trail_is_in_the_navigation_of_who_may_read_it(world: World, browser_of: BrowserOf) -> None:
    assert f'href="{URL}"' in text_of(browser_of(world.manager).get("/"))
    assert f'href="{URL}"' not in text_of(browser_of(world.clerk).get("/"))


@pytest.mark.parametrize("path", [URL, f"{URL}/00000000-0000-7000-8000-000000000000"])
def test_nobody_signed_in_is_led_to_sign_in(path: str) -> None:
    reply = Client().get(path)
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("name", ["clerk", "stranger"])
def test_without_the_right_the_pages_are_refused_and_show_nothing(
    world: World, browser_of: BrowserOf, name: str
) -> None:
    event_id = told_of(unsaved("Nora Quist"))
    browser = browser_of(getattr(world, name))
    for path in (URL, f"{URL}/{event_id}", f"{URL}?actor=system"):
        reply = browser.get(path)
        assert reply.status_code == 403
        assert "Nora" not in text_of(reply)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_trail_takes_no_orders(world: World, browser_of: BrowserOf, method: str) -> None:
    event_id = told_of(unsaved())
    for path in (URL, f"{URL}/{event_id}"):
        assert getattr(browser_of(world.root), method)(path).status_code == 405


def test_reading_is_not_recorded(world: World, browser_of: BrowserOf) -> None:
    event_id = told_of(unsaved())
    browser = browser_of(world.manager)
    before = Event.objects.get_queryset().count()
    browser.get(URL)
    browser.get(f"{URL}/{event_id}")
    assert Event.objects.get_queryset().count() == before


def test_a_fragment_request_gets_the_rows_alone(world: World, browser_of: BrowserOf) -> None:
    told_of(unsaved("Nora Quist"))
    browser = browser_of(world.manager)
    fragment = browser.get(URL, headers={"HX-Request": "true"})
    assert "<html" not in text_of(fragment)
    assert "Nora Quist was changed" in text_of(fragment)
    assert fragment["Vary"] == "HX-Request"
    restored = browser.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in text_of(restored)


def test_filters_narrow_the_list_and_stand_as_chips_that_can_be_removed(world: World, browser_of: BrowserOf) -> None:
    told_of(unsaved("Nora Quist"), by=actor_of(world.admin))
    told_of(unsaved("Ada Lind"), by=actor_of(world.root))
    page = text_of(browser_of(world.manager).get(URL, {"actor": world.admin.username, "outcome": "ok"}))
    assert "Nora Quist was changed" in page
    assert "Ada Lind was changed" not in page
    assert f"Actor: {world.admin.username}" in page
    assert f'href="{URL}?outcome=ok"' in page
    assert f'href="{URL}?actor={world.admin.username}"' in page


def test_a_filter_that_has_no_field_survives_the_form(world: World, browser_of: BrowserOf) -> None:
    page = text_of(browser_of(world.manager).get(URL, {"request_id": "0123456789"}))
    assert re.search(r'<input type="hidden" name="request_id" value="0123456789">', page)


def test_what_is_recorded_by_the_name_of_its_declaration_is_told_by_its_label(
    world: World, browser_of: BrowserOf
) -> None:
    plant(ago(hours=1), actor_label="schedule maintenance.create_backup", request_id="of-a-schedule")
    plant(ago(hours=1), actor_label="schedule gone.by_now", request_id="of-one-that-is-gone")
    plant(
        ago(hours=1),
        code="maintenance.cleanup.finished",
        data='{"cleanup": "kit.sent_mails"}',
        request_id="of-a-clean-up",
    )
    browser = browser_of(world.manager)
    assert "Schedule “Back up”" in text_of(browser.get(URL, {"request_id": "of-a-schedule"}))
    assert "Schedule “gone.by_now”" in text_of(browser.get(URL, {"request_id": "of-one-that-is-gone"}))
    page = text_of(browser.get(URL, {"request_id": "of-a-clean-up"}))
    assert "The clean-up “Mails that went out” deleted what it had previewed" in page


def test_an_empty_result_says_so(world: World, browser_of: BrowserOf) -> None:
    page = text_of(browser_of(world.manager).get(URL, {"code": "no.such.code"}))
    assert "No event matches" in page


def test_a_longer_window_is_offered_when_there_is_something_in_it(world: World, browser_of: BrowserOf) -> None:
    plant(ago(days=40), request_id="long-ago")
    browser = browser_of(world.manager)
    page = text_of(browser.get(URL, {"request_id": "long-ago"}))
    (link,) = re.findall(r'class="btn"\s+href="([^"]*days=90[^"]*)"', page)
    assert "was changed" in text_of(browser.get(link))


def test_older_and_newer_lead_through_the_list(world: World, browser_of: BrowserOf) -> None:
    for index in range(60):
        plant(ago(minutes=index + 1), request_id="a-long-list", target_type="x", target_label=f"thing {index:02}")
    browser = browser_of(world.manager)
    first = text_of(browser.get(URL, {"request_id": "a-long-list"}))
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = text_of(browser.get(older))
    assert "thing 49" in first
    assert "thing 50" not in first
    assert "thing 50" in second
    assert "thing 49" not in second
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert "thing 49" in text_of(browser.get(newer))


@pytest.mark.parametrize("cursor", HOSTILE[:7] + HOSTILE[8:], ids=str)
def test_a_hostile_cursor_is_a_bad_request(world: World, browser_of: BrowserOf, cursor: str) -> None:
    assert browser_of(world.manager).get(URL, {"cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    "query", ["category=x", "date_from=yesterday", "days=1e3", "address=%00x", "date_to=0000-00-00"]
)
def test_a_hostile_filter_is_a_bad_request(world: World, browser_of: BrowserOf, query: str) -> None:
    assert browser_of(world.manager).get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["actor=%00", "target=%FF%FE", "code='--", "request_id=%2525", "target=" + "%F0%9F%92%A9" * 60]
)
def test_a_strange_filter_finds_nothing_and_breaks_nothing(world: World, browser_of: BrowserOf, query: str) -> None:
    assert browser_of(world.manager).get(f"{URL}?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/nonsense", "/1", "/00000000-0000-0000-0000-000000000000"])
def test_an_event_that_is_not_there_is_not_found(world: World, browser_of: BrowserOf, path: str) -> None:
    assert browser_of(world.manager).get(f"{URL}{path}").status_code == 404


def test_an_event_shows_its_diff_with_secrets_hidden(world: World, browser_of: BrowserOf) -> None:
    changes = {
        "is_active": (True, False),
        "name": ("Nora Berg", "Nora Quist"),
        "password": ("old-secret-value", "new-secret-value"),
    }
    event_id = told_of(unsaved("Nora Quist"), changes, by=actor_of(world.admin), reason="left the company")
    page = text_of(browser_of(world.manager).get(f"{URL}/{event_id}"))
    for shown in (
        "<del>yes</del>",
        "<ins>no</ins>",
        "<del>Nora Berg</del>",
        "<ins>Nora Quist</ins>",
        "left the company",
    ):
        assert shown in page
    assert page.count("hidden</span>") == 2
    assert "secret-value" not in page
    assert f'href="/platform/people/{world.admin.pk}"' in page


def test_of_lists_the_diff_shows_what_came_and_went(world: World, browser_of: BrowserOf) -> None:
    event_id = plant(
        ago(hours=1), target_type="rbac.role", changes='{"permissions": [["a:b", "c:d", "e:f"], ["a:b", "c:d", "g:h"]]}'
    )
    page = text_of(browser_of(world.manager).get(f"{URL}/{event_id}"))
    assert "<del>e:f</del>" in page
    assert "<ins>g:h</ins>" in page
    assert "2 stayed" in page
    assert "<del>a:b" not in page


def test_an_event_leads_to_the_others_about_the_same_target_and_can_be_copied(
    world: World, browser_of: BrowserOf
) -> None:
    older, middle, newer = (told_of(world.clerk, {"is_active": (True, False)}) for _ in range(3))
    page = text_of(browser_of(world.manager).get(f"{URL}/{middle}"))
    assert re.search(rf'rel="prev"\s+href="{URL}/{newer}"', page)
    assert re.search(rf'rel="next"\s+href="{URL}/{older}"', page)
    assert f'href="{URL}?target={world.clerk.pk}"' in page
    (written,) = re.findall(r'id="event-json"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert orjson.loads(written)["id"] == str(middle)
    assert 'data-copy="event-json"' in page


def test_an_event_shows_its_facts_and_the_others_of_its_request(world: World, browser_of: BrowserOf) -> None:
    now = context.Context(
        actor=Actor("system", None, "system"), request_id="one-request", address="192.0.2.7", agent="curl/8"
    )
    with context.use(now):
        record(CODE, target=unsaved("Nora Quist"), data={"rows_read": 12, "file": "people.csv"})
        record(CODE, target=unsaved("Ada Lind"))
    first = Event.objects.get_queryset().get(request_id="one-request", data__rows_read=12)
    page = text_of(browser_of(world.manager).get(f"{URL}/{first.pk}"))
    for shown in (
        "Rows read",
        "people.csv",
        "192.0.2.7",
        "curl/8",
        "Ada Lind was changed",
        f"{URL}?request_id=one-request",
    ):
        assert shown in page


def test_a_name_is_text_and_never_markup(world: World, browser_of: BrowserOf) -> None:
    name = '<script>alert("x")</script>'
    event_id = told_of(unsaved(name), {"name": (None, name)}, data={name: name}, reason=name)
    for path in (URL, f"{URL}/{event_id}"):
        content = browser_of(world.manager).get(path).content.decode()
        assert "<script>alert" not in content
        assert "&lt;script&gt;alert" in content


def test_a_code_of_an_older_version_is_shown_as_it_is(world: World, browser_of: BrowserOf) -> None:
    event_id = plant(ago(), code="gone.thing.happened", target_type="gone.thing", changes='{"x": [1, 2]}')
    browser = browser_of(world.manager)
    assert "gone.thing.happened" in text_of(browser.get(URL))
    assert "gone.thing.happened" in text_of(browser.get(f"{URL}/{event_id}"))


def test_a_refused_and_a_failed_act_stand_out(world: World, browser_of: BrowserOf) -> None:
    plant(ago(hours=1), outcome="denied", request_id="two-outcomes")
    plant(ago(hours=2), outcome="failed", request_id="two-outcomes")
    page = text_of(browser_of(world.manager).get(URL, {"request_id": "two-outcomes"}))
    assert 'class="st warn">Refused' in page
    assert 'class="st bad">Failed' in page


@pytest.mark.parametrize("path", [URL, f"{URL}?outcome=ok&actor=system"])
def test_the_page_costs_the_same_queries_whatever_its_length(world: World, browser_of: BrowserOf, path: str) -> None:
    browser = browser_of(world.manager)
    browser.get(path)  # The numbers of permissions are read once in the life of a process.
    counts = []
    for number in (60, 18):  # A full page each time: one that is not looks whether there is anything older.
        for index in range(number):
            told_of(unsaved(f"Person {index}"))
        personal.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        counts.append(len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]))
    assert counts[0] == counts[1] <= 8


def test_days_have_names(world: World, browser_of: BrowserOf) -> None:
    old = datetime.now(UTC).replace(hour=12)
    plant(old.replace(year=old.year - 1), request_id="a-year-ago")
    page = text_of(browser_of(world.manager).get(URL, {"request_id": "a-year-ago", "days": "3650"}))
    assert f", {old.day} {old:%B} {old.year - 1}" in page


def test_an_event_speaks_in_words_and_not_in_codes(world: World, browser_of: BrowserOf) -> None:
    with context.acting(actor_of(world.root)) as current:
        roles.binding_grant(
            actor=current.actor,
            person_id=world.stranger.pk,
            role=Role.objects.get(catalogue="platform", code="manager"),
        )
        jobs.enqueue("audit.ensure_partitions", actor=current.actor)
    browser_of(world.stranger).get("/platform/cleanups")
    page = text_of(browser_of(world.manager).get(URL))
    assert "Stranger was given the role Manager" in page
    assert "audit.ensure_partitions" not in page
    denied = Event.objects.filter(code="kit.access.denied").latest("id")
    shown = text_of(browser_of(world.manager).get(f"{URL}/{denied.pk}"))
    assert "You may not do that" in shown
    assert "Reason given: kit.forbidden" not in " ".join(shown.split())
