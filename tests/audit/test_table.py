"""The events as a table: the same answers as the timeline, in columns, in both directions, and as files."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from accounts.models import User
from audit import filters
from audit.filters import EventFilter
from audit.lists import trail as lists
from audit.models import Event
from audit.selectors import table
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.lists import Chosen
from portal.kit.paging import Cursor
from tests.audit.support import CODE, ago, count_of, plant, told_of
from tests.audit.test_narrowing import HERE, QUERIES, SYSTEM, THERE, many, naive
from tests.audit.test_organisation_pages import Tenants, tenants
from tests.audit.test_pages import URL, text_of
from tests.factories import World, actor_of

__all__ = ["many", "tenants"]
pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
TABLE = f"{URL}/table"
OURS = "/o/quiet-harbour/audit/table"


def shown(browser: Client, query: str = "", at: str = TABLE) -> str:
    """The table as a reader meets it."""
    reply = browser.get(f"{at}{query}")
    assert reply.status_code == 200, text_of(reply)
    return text_of(reply)


def rows_of(page: str) -> list[str]:
    """The events that a page lists."""
    return re.findall(r'<th scope="row"[^>]*>\s*<a class="who" href="[^"]*/([0-9a-f-]{36})"', page)


def chosen(**query: str) -> Chosen:
    """A question of the table, with the commas of the timeline."""
    pairs = lists.question(filters.parse(query))
    return lists.events.parse(urlencode(pairs))


def walked(actor: Actor, asked: Chosen, size: int = 25) -> Iterator[list[UUID]]:
    """Every page of a question, forwards."""
    rows, cursor = lists.events.rows(actor, asked), None
    while True:
        order = lists.events.order(asked)
        page = table.page(actor, lists.asked(asked), rows, cursor, order=order, size=size)
        yield [event.id for event in page.items]
        if page.next is None:
            return
        cursor = page.next


def file_of(browser: Client, query: str, at: str = TABLE) -> list[dict[str, str]]:
    """The rows of the table as a CSV file."""
    content = b"".join(browser.get(f"{at}?format=csv{query}").streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


# --- what it shows ---


def test_an_event_is_a_row_with_what_can_be_asked_of_it(world: World, browser_of: BrowserOf) -> None:
    told_of(world.clerk, by=actor_of(world.manager))
    row = Event.objects.filter(code=CODE).latest("id")
    page = shown(browser_of(world.admin), "?columns=event,time,actor,target,outcome,category,severity,code")
    assert str(row.pk) in rows_of(page)
    for text in (str(world.manager), str(world.clerk), "Administration", "Information", "Done", CODE):
        assert text in page


def test_the_table_stands_beside_the_groups_with_the_same_filter(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    timeline = text_of(browser.get(f"{URL}?category=data,security&days=90&actor=system"))
    (link,) = re.findall(rf'href="({TABLE}[^"]*)"', timeline)
    assert sorted(link.partition("?")[2].split("&")) == [
        "actor=system",
        "category=data",
        "category=security",
        "date=90d",
    ]
    page = shown(browser, "?" + link.partition("?")[2])
    assert 'aria-current="true">Table<' in page
    (back,) = re.findall(rf'href="{URL}\?([^"]*)">By day<', page)
    assert filters.parse(QueryDict(back)) == filters.parse(
        {"category": "data,security", "days": "90", "actor": "system"}
    )
    assert browser.get(f"{URL}?{back}").status_code == 200


@pytest.mark.parametrize("span", ["1d", "7d"])
def test_a_window_that_the_timeline_does_not_have_becomes_its_first_day(
    world: World, browser_of: BrowserOf, span: str
) -> None:
    browser = browser_of(world.manager)
    (back, *_) = re.findall(rf'href="({URL}\?[^"]*)">By day<', shown(browser, f"?date={span}"))
    assert "date_from=" in back
    assert browser.get(back).status_code == 200


def test_a_question_is_spelled_for_the_timeline_and_back_without_a_loss() -> None:
    for query in ({}, {"days": "90"}, {"category": "data,billing", "address": "::1"}, {"date_from": "2026-03-01"}):
        told = filters.parse(query)
        assert lists.asked(lists.events.parse(urlencode(lists.question(told)))) == told
        assert lists.for_timeline(told) == told


# --- the window ---


def test_without_dates_it_looks_at_thirty_days(world: World, browser_of: BrowserOf) -> None:
    old, newer = plant(ago(days=40)), plant(ago(days=20))
    browser = browser_of(world.admin)
    found = rows_of(shown(browser, f"?code={CODE}"))
    assert (str(newer) in found, str(old) in found) == (True, False)
    assert set(rows_of(shown(browser, f"?code={CODE}&date=90d"))) >= {str(newer), str(old)}
    day = ago(days=40).date().isoformat()
    assert str(old) in rows_of(shown(browser, f"?date_from={day}&date_to={day}&code={CODE}"))
    assert str(newer) not in rows_of(shown(browser, f"?date_to={day}&code={CODE}"))


def test_without_dates_the_count_is_of_thirty_days_too(world: World) -> None:
    before = table.recent(SYSTEM).count()
    plant(ago(days=40))
    plant(ago(days=20))
    assert table.recent(SYSTEM).count() == before + 1
    with clock.at(clock.now()):
        assert table.found(SYSTEM, EventFilter()).rows.count() == before + 1


@pytest.mark.parametrize("span", list(lists.SPANS))
def test_every_window_bounds_the_ids(span: str) -> None:
    days = lists.SPANS[span][0]
    inside, outside = plant(ago(days=days, minutes=-5)), plant(ago(days=days, minutes=5))
    asked = lists.events.parse(f"date={span}&code={CODE}")
    assert list(lists.events.rows(SYSTEM, asked).values_list("id", flat=True)) == [inside]
    given = asked.given(lists.DATE)
    (window,) = [each for each in lists.events.filters if each.name == lists.DATE]
    narrowed = set(window.narrow(Event.objects.get_queryset(), given).values_list("id", flat=True))
    assert inside in narrowed
    assert outside not in narrowed


# --- filters ---


@pytest.mark.parametrize("sort", ["-time", "time"])
@pytest.mark.parametrize("query", [*QUERIES, {"code": CODE}, {"target": "x"}], ids=str)
def test_it_finds_what_a_plain_reading_finds_in_both_directions(
    many: list[UUID], monkeypatch: pytest.MonkeyPatch, query: dict[str, str], sort: str
) -> None:
    asked = lists.events.parse(f"{chosen(**query).query()}&sort={sort}")
    wanted = [] if "target" in query else many if "code" in query else naive(query)
    if sort == "time":
        wanted = wanted[::-1]
    for counted in (table.COUNTED, 3):
        monkeypatch.setattr(table, "COUNTED", counted)
        assert [event_id for page in walked(SYSTEM, asked, 4) for event_id in page] == wanted


@pytest.mark.parametrize("sort", ["-time", "time"])
def test_the_way_back_shows_the_same_page(many: list[UUID], monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(table, "COUNTED", 3)
    asked = lists.events.parse(f"severity=critical&sort={sort}")
    first, second, *_ = walked(SYSTEM, asked, 5)
    order, rows = lists.events.order(asked), lists.events.rows(SYSTEM, asked)
    before = Cursor(second[0], backwards=True)
    page = table.page(SYSTEM, lists.asked(asked), rows, before, order=order, size=5)
    assert [event.id for event in page.items] == first
    assert page.previous is None


@pytest.mark.parametrize("organisation", [HERE, THERE])
def test_an_organisation_is_narrowed_to_itself(many: list[UUID], organisation: UUID) -> None:
    inside = Actor("system", None, "system", organisation)
    for query in QUERIES[:3]:
        found = [event_id for page in walked(inside, chosen(**query)) for event_id in page]
        assert found == naive(query, organisation)


@pytest.mark.parametrize(
    "query",
    [
        "address=10.0.0.0/8",
        "address=localhost",
        "organisation=northern-lights",
        "date_from=1970-01-01",
        "date_to=2999-01-01",
        "date_from=2026-02-30",
        "date_from=2026-04-02&date_to=2026-04-01",
        "date=30d",
        "date=7d&date_from=2026-04-01",
        "category=everything",
        "outcome=OK",
        "severity=data%00",
        "sort=actor",
        "days=90",
        "group=actor",
    ],
)
def test_a_value_that_cannot_be_one_is_refused(world: World, browser_of: BrowserOf, query: str) -> None:
    reply = browser_of(world.admin).get(f"{TABLE}?{query}")
    assert reply.status_code == 400
    assert "X-Error-Id" in reply


def test_each_filter_alone_narrows_as_it_does_among_others(many: list[UUID]) -> None:
    rows = Event.objects.get_queryset()
    for query in ({"category": "data,billing"}, {"severity": "critical"}, {"code": CODE}, {"address": "192.0.2.7"}):
        asked = chosen(**query)
        (each,) = [each for each in lists.events.filters if each.name in query]
        alone = each.narrow(rows, asked.given(each.name)).order_by("-id").values_list("id", flat=True)
        assert list(alone) == [event_id for page in walked(SYSTEM, asked) for event_id in page]


def test_the_walk_upwards_is_a_range_of_the_same_index(many: list[UUID]) -> None:
    asked = lists.events.parse("severity=critical&sort=time")
    with CaptureQueriesContext(connection) as captured:
        lists.events.page(SYSTEM, asked)
    (walk, *_) = [item["sql"] for item in captured.captured_queries if "ORDER BY e.id ASC" in item["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)")
        cursor.execute(f"EXPLAIN {walk}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SELECT set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true)")
    assert "Scan Backward" in plan or "Index" in plan
    assert re.search(r"Index Cond: \(\(category = .*severity = .*outcome = .*actor_kind = ", plan), plan
    assert "Seq Scan on audit_event" not in plan


# --- counting ---


def test_few_are_counted_exactly_and_many_only_as_far_as_it_is_cheap(
    world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(60):
        plant(ago(minutes=minute + 1), category="billing")
    browser = browser_of(world.admin)
    assert "50 of 60" in shown(browser, "?category=billing")
    monkeypatch.setattr(table, "COUNTED", 55)
    assert "50 of 55+" in shown(browser, "?category=billing")


# --- who may ---


def test_a_member_sees_the_organisations_rows_alone(tenants: Tenants, browser_of: BrowserOf) -> None:
    browser = browser_of(tenants.owner)
    for query in ("", "?severity=warning", f"?code={CODE}", "?sort=time", "?date=3650d", "?actor=system"):
        page = shown(browser, query, OURS)
        found = rows_of(page)
        assert str(tenants.inside) in found
        assert not {str(tenants.outside), str(tenants.nobodys)} & set(found)
        assert "/platform/" not in page
    for query in (f"?organisation={tenants.there.pk}", "?target=theirs", f"?target={tenants.outside}"):
        assert rows_of(shown(browser, query, OURS)) == []
    lines = file_of(browser, "&severity=warning&columns=event,target", OURS)
    assert [line["Target"] for line in lines] == ["ours"]


def test_who_is_no_member_or_has_no_right_sees_no_table(tenants: Tenants, world: World, browser_of: BrowserOf) -> None:
    for user in (tenants.stranger, world.stranger, world.root):
        assert browser_of(user).get(OURS).status_code == 404
    assert browser_of(tenants.viewer).get(OURS).status_code == 403
    assert browser_of(tenants.owner).get(TABLE).status_code == 403
    assert browser_of(world.clerk).get(TABLE).status_code == 403


def test_reading_the_trail_is_not_yet_taking_it_out(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    assert browser.get(TABLE).status_code == 200
    for name in ("csv", "xlsx"):
        assert browser.get(f"{TABLE}?format={name}").status_code == 403
    assert count_of("kit.list.exported") == 0


# --- cost ---


@pytest.mark.parametrize("query", ["", "severity=info", f"code={CODE}"])
def test_the_number_of_queries_does_not_grow_with_the_rows(query: str) -> None:
    asked = lists.events.parse(query)
    numbers = []
    for number in (2, 40):
        for minute in range(number):
            plant(ago(minutes=minute + 1))
        with CaptureQueriesContext(connection) as captured:
            lists.events.present(SYSTEM, lists.events.page(SYSTEM, asked).items)
        numbers.append(len(captured))
    assert numbers[1] <= numbers[0] <= 4
