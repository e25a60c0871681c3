"""Events under headings: requests, actors, codes and days; counted only as far as was said."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import filters, personal, selectors
from audit.selectors import grouping
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.record import record
from tests.audit.support import CODE, ago, plant, told_of, unsaved
from tests.audit.test_pages import URL, text_of
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system", None, "system")
BrowserOf = Callable[[User], Client]


def test_actors_are_counted_and_the_busiest_stands_first(world: World) -> None:
    for _ in range(3):
        told_of(unsaved(), by=actor_of(world.admin))
    told_of(unsaved(), by=actor_of(world.root))
    found = selectors.groups(SYSTEM, filters.parse({"code": CODE}), "actor")
    people = [(group.newest.actor_label, group.count) for group in found.items if group.newest.row.actor_id]
    assert people == [(str(world.admin), 3), (str(world.root), 1)]
    assert found.counted == sum(group.count for group in found.items)
    assert not found.more


def test_codes_are_counted_with_the_newest_and_the_first_of_each() -> None:
    first = plant(ago(hours=3), code="some.thing.happened")
    plant(ago(hours=2), code="some.thing.happened")
    newest = plant(ago(hours=1), code="some.thing.happened")
    plant(ago(days=40), code="some.thing.happened")
    (group,) = (
        group
        for group in selectors.groups(SYSTEM, filters.parse({}), "code").items
        if group.newest.code == "some.thing.happened"
    )
    assert (group.count, group.newest.id) == (3, newest)
    assert abs((group.first_at - ago(hours=3)).total_seconds()) < 60
    assert first != newest


def test_only_the_newest_events_of_the_window_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "GROUP_LIMIT", 4)
    for minutes in (1, 2, 3):
        plant(ago(minutes=minutes), actor_kind="service", actor_label="importer", request_id="g")
    for minutes in (4, 5, 6):
        plant(ago(minutes=minutes), actor_kind="service", actor_label="exporter", request_id="g")
    found = selectors.groups(SYSTEM, filters.parse({"request_id": "g"}), "actor")
    assert [(group.newest.actor_label, group.count) for group in found.items] == [("importer", 3), ("exporter", 1)]
    assert (found.counted, found.more) == (4, True)


def test_nothing_found_is_no_group() -> None:
    found = selectors.groups(SYSTEM, filters.parse({"code": "no.such.code"}), "actor")
    assert (found.items, found.counted, found.more) == ([], 0, False)


def test_who_may_not_read_the_trail_counts_nothing(world: World) -> None:
    told_of(unsaved(), by=actor_of(world.admin))
    assert selectors.groups(actor_of(world.clerk), filters.parse({}), "actor").items == []


@pytest.mark.parametrize("by", ["actor", "code"])
def test_groups_cost_the_same_queries_whatever_their_number(by: selectors.By) -> None:
    counts = []
    for number in (2, 18):
        for index in range(number):
            told_of(unsaved(), by=Actor("person", uuid4(), f"Actor {index}"))
        personal.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            selectors.groups(SYSTEM, filters.parse({}), by)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 3


def test_the_page_of_actors_leads_to_what_each_did(world: World, browser_of: BrowserOf) -> None:
    told_of(unsaved("Nora Quist"), by=actor_of(world.admin))
    browser = browser_of(world.manager)
    page = text_of(browser.get(URL, {"group": "actor", "code": CODE}))
    assert "Nora Quist was changed" in page
    (rows,) = re.findall(rf'hx-get="([^"]*actor={world.admin.pk}[^"]*part=group[^"]*)"', page)
    opened = text_of(browser.get(rows))
    assert "<html" not in opened
    assert "Nora Quist was changed" in opened
    (link,) = re.findall(rf'href="({URL}[^"]*actor={world.admin.pk}[^"]*)"', page)
    assert "Nora Quist was changed" in text_of(browser.get(link))


def test_the_page_of_events_speaks_in_words(world: World, browser_of: BrowserOf) -> None:
    told_of(unsaved("Nora Quist"))
    plant(ago(minutes=1), code="gone.thing.happened")
    page = text_of(browser_of(world.manager).get(URL, {"group": "code"}))
    assert "\N{HORIZONTAL ELLIPSIS} was changed" in page
    assert "gone.thing.happened" in page


def test_events_of_one_request_stand_together(world: World, browser_of: BrowserOf) -> None:
    with context.use(context.Context(actor=SYSTEM, request_id="one-request")):
        for name in ("Nora Quist", "Ada Lind", "Ivo Silva"):
            record(CODE, target=unsaved(name))
    with context.use(context.Context(actor=SYSTEM, request_id="another-request")):
        record(CODE, target=unsaved("Kaya Varga"))
    browser = browser_of(world.manager)
    page = text_of(browser.get(URL, {"group": "request", "code": CODE}))
    assert page.count("2 more events of this request") == 1
    bundle = page[page.index('<details class="bundle"') :]
    assert "Nora Quist was changed" in bundle
    assert "Ada Lind was changed" in bundle
    assert "more events of this request" not in text_of(browser.get(URL, {"code": CODE}))


def test_an_unknown_grouping_is_a_bad_request(world: World, browser_of: BrowserOf) -> None:
    assert browser_of(world.manager).get(URL, {"group": "weather"}).status_code == 400


def test_the_grouping_survives_a_filter_and_its_removal(world: World, browser_of: BrowserOf) -> None:
    page = text_of(browser_of(world.manager).get(URL, {"group": "actor", "outcome": "ok"}))
    assert '<input type="hidden" name="group" value="actor">' in page
    assert f'href="{URL}?group=actor"' in page
    assert f'href="{URL}?outcome=ok"' in page  # Back to days.


def test_a_new_event_is_told_and_not_pushed_in_between(world: World, browser_of: BrowserOf) -> None:
    told_of(unsaved("Nora Quist"))
    browser = browser_of(world.manager)
    page = text_of(browser.get(URL, {"code": CODE}))
    (after,) = re.findall(r'name="after" value="([0-9a-f-]+)"', page)
    query = {"after": after, "code": CODE}
    assert browser.get(f"{URL}/tail", query).status_code == 204
    plant(ago(seconds=-5), code="another.thing.happened")
    assert browser.get(f"{URL}/tail", query).status_code == 204
    for seconds in (6, 7):
        plant(ago(seconds=-seconds))
    reply = browser.get(f"{URL}/tail", query)
    assert "2 new events" in text_of(reply)
    assert f'href="{URL}?code={CODE}"' in text_of(reply)


@pytest.mark.parametrize("after", ["x", "' OR 1=1", "0" * 33, "\N{FULLWIDTH DIGIT ONE}"])
def test_a_hostile_place_is_a_bad_request(world: World, browser_of: BrowserOf, after: str) -> None:
    assert browser_of(world.manager).get(f"{URL}/tail", {"after": after}).status_code == 400


def test_an_older_page_does_not_ask_for_news(world: World, browser_of: BrowserOf) -> None:
    ids: list[UUID] = [plant(ago(minutes=minute + 1), request_id="long") for minute in range(60)]
    browser = browser_of(world.manager)
    first = text_of(browser.get(URL, {"request_id": "long"}))
    assert f'name="after" value="{ids[0]}"' in first
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    assert 'name="after"' not in text_of(browser.get(older))
    assert "data-poll" not in text_of(browser.get(URL, {"date_to": "2026-01-01"}))


def test_dates_that_are_asked_for_often_are_one_click_away(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    page = text_of(browser.get(URL, {"outcome": "ok"}))
    links = dict(re.findall(r'<a class="item"\s+href="([^"]+)"[^>]*>\s*([^<]+?)\s*<', page))
    assert {"Today", "Yesterday", "Last 7 days", "This month", "Last 30 days", "Last 90 days"} <= set(links.values())
    for url, label in links.items():
        if label in {"Today", "Yesterday"}:
            assert "outcome=ok" in url
            chosen = text_of(browser.get(url))
            assert re.search(rf'aria-current="true"[^>]*>\s*{label}', chosen)
