"""Reading the trail: what is found, in which order, by whom, and what the database has to look at for it."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import filters, personal, selectors
from audit.filters import EventFilter
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor
from portal.kit.record import record
from tests.audit.support import CODE, ago, plant, told_of, unsaved
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system", None, "system")
MARK = "a-request-of-this-test"


def found(chosen: EventFilter, **values: object) -> list[UUID]:
    """The ids of the first page."""
    return [event.id for event in selectors.events(SYSTEM, chosen, **values).items]  # type: ignore[arg-type]


def planted(number: int) -> list[UUID]:
    """So many events of one request, an hour apart, newest first."""
    return [plant(ago(hours=index + 1), request_id=MARK) for index in range(number)]


def test_the_newest_event_comes_first() -> None:
    ids = planted(3)
    assert found(EventFilter(request_id=MARK)) == ids


def test_only_the_last_thirty_days_are_looked_at_until_asked_for_more() -> None:
    recent, older = plant(ago(days=29), request_id=MARK), plant(ago(days=31), request_id=MARK)
    page = selectors.events(SYSTEM, EventFilter(request_id=MARK))
    assert ([event.id for event in page.items], page.wider) == ([recent], 90)
    assert found(EventFilter(request_id=MARK, days=90)) == [recent, older]


def test_nothing_older_means_no_wider_window() -> None:
    planted(1)
    assert selectors.events(SYSTEM, EventFilter(request_id=MARK)).wider is None


def test_the_dates_are_exact_to_the_millisecond() -> None:
    day = datetime(2026, 3, 10, tzinfo=UTC)
    edge = timedelta(milliseconds=1)
    plant(day - edge, request_id=MARK)
    inside = [plant(day, request_id=MARK), plant(day + timedelta(days=1) - edge, request_id=MARK)]
    plant(day + timedelta(days=1), request_id=MARK)
    chosen = EventFilter(request_id=MARK, date_from=date(2026, 3, 10), date_to=date(2026, 3, 10))
    assert found(chosen) == inside[::-1]


def test_an_event_of_the_future_is_not_hidden() -> None:
    # A clock that was set forward for a moment must not make what happened then invisible.
    future = plant(datetime.now(UTC) + timedelta(days=200), request_id=MARK)
    assert found(EventFilter(request_id=MARK)) == [future]


@pytest.mark.parametrize(
    ("column", "value", "other"),
    [
        ("code", "accounts.user.created", CODE),
        ("category", "security", "data"),
        ("outcome", "denied", "ok"),
        ("severity", "critical", "info"),
        ("address", "192.0.2.7", "192.0.2.70"),
        ("address", "2001:db8::7", "2001:db8::70"),
    ],
)
def test_each_column_filter_finds_exactly_its_own(column: str, value: str, other: str) -> None:
    wanted = plant(ago(hours=1), request_id=MARK, **{column: value})
    plant(ago(hours=2), request_id=MARK, **{column: other})
    assert found(filters.parse({"request_id": MARK, column: value})) == [wanted]
    # A registered code beside a category that is not its own is answered without looking.
    beside = {"code": value if column == "code" else CODE} if column != "category" else {"actor": "system"}
    assert found(filters.parse({column: value, **beside}))[0] == wanted


def test_filters_narrow_together() -> None:
    wanted = plant(ago(hours=1), request_id=MARK, outcome="denied", severity="warning")
    plant(ago(hours=2), request_id=MARK, outcome="denied")
    plant(ago(hours=3), request_id=MARK, severity="warning")
    assert found(EventFilter(request_id=MARK, outcome=("denied",), severity=("warning",))) == [wanted]


def test_an_actor_is_found_by_user_name_address_or_id_and_not_by_part_of_them(world: World) -> None:
    who = world.manager
    wanted = told_of(unsaved(), by=actor_of(who))
    told_of(unsaved(), by=actor_of(world.admin))
    for text in (who.username, who.username.upper(), who.email, who.email.upper(), str(who.pk)):
        assert found(EventFilter(actor=text)) == [wanted]
    for text in (who.username[:-1], "%", "_", "", "x" * 254, str(uuid4())):
        assert wanted not in found(EventFilter(actor=text, code="no.such.code" if not text else ""))


def test_actors_that_are_no_people_are_found_by_kind_and_label() -> None:
    system = plant(ago(hours=1), request_id=MARK)
    service = plant(ago(hours=2), request_id=MARK, actor_kind="service", actor_label="importer", actor_id=uuid4())
    assert found(EventFilter(request_id=MARK, actor="system")) == [system]
    assert found(EventFilter(request_id=MARK, actor="service")) == [service]
    assert found(EventFilter(request_id=MARK, actor="importer")) == [service]


def test_a_target_is_found_by_name_address_id_or_clear_label(world: World) -> None:
    person = told_of(world.clerk)
    thing = plant(ago(hours=1), target_type="rbac.role", target_id=uuid4(), target_label="Night watch")
    for text in (world.clerk.username, world.clerk.email, str(world.clerk.pk)):
        assert person in found(EventFilter(target=text))
        assert thing not in found(EventFilter(target=text))
    assert found(EventFilter(target="Night watch")) == [thing]


def test_pages_follow_each_other_without_gap_or_repeat_in_both_directions() -> None:
    ids = planted(11)
    chosen = EventFilter(request_id=MARK)
    seen, pages, cursor = [], [], None
    while True:
        page = selectors.events(SYSTEM, chosen, cursor, limit=4)
        seen += [event.id for event in page.items]
        pages.append(page)
        if page.older is None:
            break
        cursor = page.older
    assert seen == ids
    assert pages[0].newer is None
    back = selectors.events(SYSTEM, chosen, pages[2].newer, limit=4)
    assert [event.id for event in back.items] == ids[4:8]
    first = selectors.events(SYSTEM, chosen, back.newer, limit=4)
    assert [event.id for event in first.items] == ids[:4]
    assert first.newer is None
    assert first.older is not None


def test_a_place_in_the_list_stays_while_new_events_arrive() -> None:
    ids = planted(6)
    chosen = EventFilter(request_id=MARK)
    first = selectors.events(SYSTEM, chosen, limit=3)
    arrived = [plant(ago(minutes=minutes), request_id=MARK) for minutes in (3, 2, 1)]
    second = selectors.events(SYSTEM, chosen, first.older, limit=3)
    assert [event.id for event in second.items] == ids[3:]
    back = selectors.events(SYSTEM, chosen, second.newer, limit=3)
    assert [event.id for event in back.items] == ids[:3]
    assert back.newer is not None
    top = selectors.events(SYSTEM, chosen, back.newer, limit=3)
    assert [event.id for event in top.items] == arrived[::-1]


def test_a_cursor_beyond_the_end_is_an_empty_page() -> None:
    planted(2)
    for cursor in (Cursor(UUID(int=0)), Cursor(UUID(int=2**128 - 1), backwards=True)):
        page = selectors.events(SYSTEM, EventFilter(request_id=MARK), cursor)
        assert (page.items, page.older, page.newer) == ([], None, None)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_a_size(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        selectors.events(SYSTEM, EventFilter(), limit=limit)


def test_who_may_not_read_the_trail_sees_nothing(world: World) -> None:
    event_id = told_of(world.clerk)
    for user, sees in ((world.manager, True), (world.clerk, False), (world.stranger, False)):
        actor = actor_of(user)
        assert bool(selectors.events(actor, EventFilter()).items) is sees
        assert bool(selectors.history_of(actor, world.clerk.pk)) is sees
        assert bool(selectors.events(actor, EventFilter(), Cursor(UUID(int=2**128 - 1))).items) is sees
    with pytest.raises(NotFound):
        selectors.event(actor_of(world.clerk), event_id)


def test_an_event_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        selectors.event(SYSTEM, uuid4())


def test_the_history_of_an_object_is_its_own_newest_events() -> None:
    user = unsaved()
    ids = [told_of(user) for _ in range(3)]
    told_of(unsaved())
    assert [event.id for event in selectors.history_of(SYSTEM, user.pk, limit=2)] == ids[:0:-1]


def test_related_events_are_those_of_the_same_request() -> None:
    now = context.Context(actor=SYSTEM, request_id="one-request")
    with context.use(now):
        for _ in range(3):
            record(CODE, target=unsaved())
    with context.use(context.Context(actor=SYSTEM, request_id="another-request")):
        record(CODE, target=unsaved())
    newest, middle, oldest = (
        selectors.event(SYSTEM, event_id) for event_id in found(EventFilter(request_id="one-request"))
    )
    assert [event.id for event in selectors.related(SYSTEM, middle.row)] == [oldest.id, newest.id]


def test_an_event_without_a_request_has_no_related_ones() -> None:
    plant(ago(hours=1))
    event = selectors.event(SYSTEM, plant(ago(hours=2)))
    assert selectors.related(SYSTEM, event.row) == []


@pytest.mark.parametrize("number", [2, 20])
def test_a_page_costs_the_same_queries_whatever_its_length(number: int) -> None:
    for index in range(number):
        told_of(unsaved(f"Person {index}"), by=Actor("person", uuid4(), f"Actor {index}"), reason="a list")
    personal.forget_everything()
    with CaptureQueriesContext(connection) as captured:
        page = selectors.events(SYSTEM, EventFilter(code=CODE))
    assert len(page.items) == number
    assert all(event.actor_label.startswith("Actor") for event in page.items)
    assert len(captured) == 3


def plan_of(chosen: EventFilter) -> set[str]:
    """The partitions that the database looks at for the first page."""
    with CaptureQueriesContext(connection) as captured:
        selectors.events(SYSTEM, chosen)
    sql = next(query["sql"] for query in captured.captured_queries if 'FROM "audit_event"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    return set(re.findall(r"on (audit_event_\w+)", plan))


def test_a_range_of_dates_reads_the_partitions_of_those_dates_only() -> None:
    last = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).date()
    chosen = EventFilter(date_from=last.replace(day=1), date_to=last)
    assert plan_of(chosen) == {f"audit_event_{last:%Y_%m}"}


def test_the_default_window_reads_no_month_before_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_ensure_partitions((now() - interval '8 months')::date, 8)")
    first = datetime.now(UTC) - timedelta(days=30)
    read = plan_of(EventFilter())
    assert f"audit_event_{datetime.now(UTC):%Y_%m}" in read
    assert min(read - {"audit_event_other"}) == f"audit_event_{first:%Y_%m}"


def test_one_event_is_looked_up_in_one_partition() -> None:
    event_id = plant(ago(hours=1))
    with CaptureQueriesContext(connection) as captured:
        selectors.event(SYSTEM, event_id)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # An index of a partition is named after it; which of them is read is not the question here.
    assert set(re.findall(r"on (audit_event_\d{4}_\d{2})", plan)) == {f"audit_event_{ago(hours=1):%Y_%m}"}
