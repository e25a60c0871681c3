"""Filters that many events answer to: complete, in order, and never by reading what does not match."""

import re
from collections.abc import Iterator
from itertools import product
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import filters, selectors
from audit.models import Event
from audit.selectors import narrowing
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.paging import Cursor
from portal.kit.services import writing
from tests.audit.support import ago, plant

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system", None, "system")
HERE, THERE = UUID(int=0x018900007000800000000000000000A1), UUID(int=0x018900007000800000000000000000A2)
KINDS = ("data", "billing", "security")


@pytest.fixture
def many() -> list[UUID]:
    """Events of every combination of a few values, in two organisations and in none; newest first."""
    planted = []
    combinations = product(KINDS, ("info", "critical"), ("ok", "failed"), ("system", "person"), (HERE, THERE, None))
    for number, (category, severity, outcome, actor_kind, organisation) in enumerate(combinations):
        planted.append(
            plant(
                ago(minutes=number + 1),
                category=category,
                severity=severity,
                outcome=outcome,
                actor_kind=actor_kind,
                organisation_id=organisation,
            )
        )
    return planted


@pytest.fixture
def crowd() -> None:
    """So many events that it matters to the planner which index it takes; on an empty table all cost the same."""
    sql = """
        INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind, organisation_id)
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
            || substr(md5(n::text), 4, 15))::uuid, at, 'crowd.passed.by', 'administration', 'info', 'ok', 'system', %s
        FROM generate_series(1, 5000) AS n, LATERAL (SELECT now() - n * interval '1 second' AS at) AS moment
    """
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute(sql, [HERE])


QUERIES = [
    {"severity": "critical"},
    {"outcome": "failed,denied"},
    {"category": "billing,data"},
    {"category": "security", "outcome": "failed", "severity": "critical,info"},
    {"actor": "person", "category": "data"},
    {"actor": "service"},
    {"severity": "warning"},
]


def naive(query: dict[str, str], organisation: UUID | None = None) -> list[UUID]:
    """What a plain reading of the filter finds, newest first."""
    rows = Event.objects.get_queryset()
    for name in ("category", "severity", "outcome"):
        if name in query:
            rows = rows.filter(**{f"{name}__in": query[name].split(",")})
    if "actor" in query:
        rows = rows.filter(actor_kind=query["actor"])
    if organisation is not None:
        rows = rows.filter(organisation_id=organisation)
    return list(rows.order_by("-id").values_list("id", flat=True))


def pages(actor: Actor, query: dict[str, str], size: int = 5) -> Iterator[list[UUID]]:
    """Every page, from the newest to the oldest."""
    cursor = None
    while True:
        page = selectors.events(actor, filters.parse(query), cursor, limit=size)
        yield [event.id for event in page.items]
        if page.older is None:
            return
        cursor = page.older


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_pages_hold_all_that_matches_in_order_and_nothing_else(many: list[UUID], query: dict[str, str]) -> None:
    assert [event_id for page in pages(SYSTEM, query) for event_id in page] == naive(query)


@pytest.mark.parametrize("query", QUERIES[:3], ids=str)
def test_an_organisation_narrows_further(many: list[UUID], query: dict[str, str]) -> None:
    wanted = naive(query, HERE)
    assert wanted
    asked = query | {"organisation": str(HERE)}
    assert [event_id for page in pages(SYSTEM, asked) for event_id in page] == wanted
    inside = Actor("system", None, "system", HERE)
    assert [event_id for page in pages(inside, query) for event_id in page] == wanted
    elsewhere = filters.parse(query | {"organisation": str(THERE)})
    assert selectors.events(inside, elsewhere).items == []


def test_the_way_back_shows_the_same_pages(many: list[UUID]) -> None:
    query = {"severity": "critical"}
    first, second, *_ = pages(SYSTEM, query)
    here = selectors.events(SYSTEM, filters.parse(query), Cursor(second[0], backwards=True), limit=5)
    assert [event.id for event in here.items] == first
    assert here.newer is None


@pytest.mark.parametrize("query", [{"severity": "critical"}, {"code": "accounts.user.updated"}, {}], ids=str)
def test_newer_events_are_counted_to_a_limit(many: list[UUID], query: dict[str, str]) -> None:
    chosen = filters.parse(query)
    found = [event.id for event in selectors.events(SYSTEM, chosen, limit=200).items]
    assert selectors.newer_count(SYSTEM, chosen, found[0]) == 0
    assert selectors.newer_count(SYSTEM, chosen, found[7]) == 7
    for second in range(selectors.NEWER_LIMIT):
        plant(ago(seconds=-1 - second), severity="critical")
    assert selectors.newer_count(SYSTEM, chosen, found[0]) == selectors.NEWER_LIMIT


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("category", filters.CATEGORIES),
        ("severity", filters.SEVERITIES),
        ("outcome", filters.OUTCOMES),
        ("actor_kind", filters.ACTOR_KINDS),
    ],
)
def test_the_database_allows_exactly_the_values_that_are_enumerated(column: str, values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'audit_event'::regclass "
            "AND conname = %s",
            [f"audit_event_{column}_check"],
        )
        ((text,),) = cursor.fetchall()
    assert set(re.findall(r"'(\w+)'", text)) == set(values)  # type: ignore[call-overload]


def plan_of(actor: Actor, query: dict[str, str], role: str) -> str:
    """How the database would answer the query that looks for the page, were the table large."""
    with CaptureQueriesContext(connection) as captured:
        selectors.events(actor, filters.parse(query))
    sql = next(item["sql"] for item in captured.captured_queries if "audit_event" in item["sql"])
    with connection.cursor() as cursor:
        organisation = str(actor.organisation_id or "")
        # An empty table is read whole, whatever stands ready; the question here is what can be an index's condition.
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('steward.organisation', %s, true), "
            "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)",
            [role, organisation],
        )
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SELECT set_config('role', 'steward_platform', true), set_config('enable_seqscan', 'on', true)")
    return plan


CONDITIONS = [
    ({"severity": "critical"}, "category", "severity", "outcome", "actor_kind"),
    ({"category": "data", "outcome": "failed"}, "category", "severity", "outcome", "actor_kind"),
    ({"actor": "service"}, "category", "severity", "outcome", "actor_kind"),
    ({"address": "192.0.2.7"}, "address"),
    ({"target": str(UUID(int=7))}, "target_id"),
    ({"target": "Night watch"}, "target_label"),
    ({"actor": str(UUID(int=7))}, "actor_id"),
    ({"actor": "importer"}, "actor_label"),
    ({"request_id": "a-request"}, "request_id"),
    ({"code": "accounts.user.updated"}, "code"),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: str(case[0]))
@pytest.mark.usefixtures("crowd")
def test_every_filter_is_the_condition_of_an_index(case: tuple[dict[str, str], *tuple[str, ...]]) -> None:
    query, *columns = case
    for role, organisation in (("steward_platform", None), ("steward_app", HERE)):
        plan = plan_of(Actor("system", None, "system", organisation), query, role)
        conditions = "\n".join(re.findall(r"Index Cond: .*", plan))
        assert conditions, plan
        for column in columns:
            assert re.search(rf"\b{column} = ", conditions), plan
        assert "Seq Scan on audit_event" not in plan


def test_the_walk_behind_the_wall_begins_at_the_organisation(many: list[UUID]) -> None:
    plan = plan_of(Actor("system", None, "system", HERE), {"severity": "critical"}, "steward_app")
    assert re.search(r"Index Cond: \(\(organisation_id = ", plan), plan


def test_a_filter_of_names_is_not_walked() -> None:
    walked = {"severity": "critical", "actor": "system"}
    assert narrowing.walks(filters.parse(walked))
    for name, value in (("code", "x.y.z"), ("target", "x"), ("request_id", "x"), ("address", "::1"), ("actor", "ada")):
        assert not narrowing.walks(filters.parse(walked | {name: value}))
    assert not narrowing.walks(filters.parse({}))


CONTRADICTION = {"code": "accounts.user.updated", "category": "billing,data"}


def test_an_event_in_a_category_that_it_never_has_is_answered_without_looking(many: list[UUID]) -> None:
    chosen = filters.parse(CONTRADICTION)
    with CaptureQueriesContext(connection) as captured:
        page = selectors.events(SYSTEM, chosen)
        grouped = selectors.groups(SYSTEM, chosen, "code")
        newer = selectors.newer_count(SYSTEM, chosen, UUID(int=0))
    assert (page.items, page.newer, page.older, page.wider) == ([], None, None, None)
    assert (grouped.items, newer) == ([], 0)
    assert [item["sql"] for item in captured.captured_queries if "audit_event" in item["sql"]] == []


@pytest.mark.parametrize(
    "query",
    [
        {"code": "accounts.user.updated"},
        {"category": "billing"},
        {"code": "accounts.user.updated", "category": "billing,administration"},
        # Of an older version, or of the product around: what it may be filed under is not known here.
        {"code": "accounts.user.forgotten", "category": "billing"},
    ],
    ids=str,
)
def test_what_may_have_happened_is_looked_for(query: dict[str, str]) -> None:
    assert not narrowing.contradictory(filters.parse(query))


def test_an_event_of_an_older_version_is_found_in_its_category() -> None:
    planted = plant(ago(minutes=1), code="accounts.user.forgotten", category="billing")
    page = selectors.events(SYSTEM, filters.parse({"code": "accounts.user.forgotten", "category": "billing"}))
    assert [event.id for event in page.items] == [planted]
