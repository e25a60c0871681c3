"""What days of requests came to: by the sums that are kept, and by the requests themselves where there is none yet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.db import connection

from audit.models import ActivityDay
from audit.selectors.activity import DAYS
from audit.spreads import STEP_SQL, added
from portal.kit import clock, ids

KNOWN_DAYS = DAYS - 1  # Whole days of which every request is still there.
# Of each channel that counts (the admin's pages are no pages of the product): requests, failures and the spread.
_CHANNELS = f"""
SELECT channel, sum(n)::bigint, coalesce(sum(n) FILTER (WHERE family = 5), 0)::bigint, json_object_agg(step, total)::text
FROM (
    SELECT channel, family, step, n, sum(n) OVER (PARTITION BY channel, step) AS total FROM (
        SELECT channel, family, {STEP_SQL} AS step, count(*) AS n FROM audit_activity
        WHERE id >= %s AND id < %s AND channel IN ('api', 'page') GROUP BY 1, 2, 3
    ) AS grouped
) AS spread GROUP BY channel
"""  # noqa: S608 - constants
_ACTIVE = """
SELECT count(DISTINCT actor_id) FILTER (WHERE id >= %(day)s), count(DISTINCT actor_id) FILTER (WHERE id >= %(week)s),
    count(DISTINCT actor_id) FROM audit_activity
WHERE id >= %(month)s AND id < %(end)s AND actor_kind = 'person'
"""
_ORGANISATIONS = """
SELECT count(DISTINCT organisation_id) FROM audit_activity_hour
WHERE organisation_id IS NOT NULL AND hour >= %s AND hour < %s
"""
_SEEN = """
SELECT count(*) FILTER (WHERE last_seen_at >= %(now)s - interval '1 day'),
    count(*) FILTER (WHERE last_seen_at >= %(now)s - interval '7 days'), count(*)
FROM {users} WHERE last_seen_at >= %(now)s - interval '30 days' AND last_seen_at <= %(now)s AND kind = 'person'
"""


@dataclass
class Requests:
    """Requests of some days: calls of the API, those that failed, and how long they and the pages took, by steps."""

    calls: int = 0
    failed: int = 0
    api: Counter[int] = field(default_factory=Counter)
    page: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Active:
    """People with a request within a day, 7 days and 30 days, and organisations within 30 days."""

    people: int
    people_week: int
    people_month: int
    organisations: int


def day_summed(day: date) -> ActivityDay | None:
    """The sums of one whole day, not saved; None for a day of which nothing can be said, since there were no requests in
    the month that ends with it."""
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    active = _active(end)
    found = _asked(start, end)
    if not (active.people_month or active.organisations or found.page or found.api):
        return None
    return ActivityDay(
        day=day,
        people=active.people,
        people_week=active.people_week,
        people_month=active.people_month,
        organisations_month=active.organisations,
        api_calls=found.calls,
        api_failed=found.failed,
        api_spread=dict(found.api),
        page_spread=dict(found.page),
    )


def requests_of(first: date, last: date) -> Requests | None:
    """The requests of the days from `first` to `last`; None where neither sums nor requests of any of them are kept."""
    rows = list(ActivityDay.objects.filter(day__gte=first, day__lte=last))
    today = clock.now().date()
    oldest, known = today - timedelta(days=KNOWN_DAYS), {row.day for row in rows}
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    waiting = [day for day in days if day not in known and oldest <= day <= today]
    if not rows and not waiting:
        return None
    found = Requests(
        sum(row.api_calls for row in rows),
        sum(row.api_failed for row in rows),
        added(row.api_spread for row in rows),
        added(row.page_spread for row in rows),
    )
    for start, end in _runs(waiting):
        more = _asked(_midnight(start), _midnight(end + timedelta(days=1)))
        found = Requests(
            found.calls + more.calls, found.failed + more.failed, found.api + more.api, found.page + more.page
        )
    return found


def active_at(end: datetime) -> Active | None:
    """Who was active at a moment: now by when people were last seen, in the past by the sums of the day it is in or, if
    it is a midnight, of the day before; None where those are not kept."""
    if end >= clock.now() - timedelta(hours=1):
        return _active_now(clock.now())
    row = ActivityDay.objects.filter(day=(end - timedelta(microseconds=1)).date()).first()
    if row is None:
        return None
    return Active(row.people, row.people_week, row.people_month, row.organisations_month)


def _active_now(now: datetime) -> Active:
    users = connection.ops.quote_name(get_user_model()._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_SEEN.format(users=users), {"now": now})
        day, week, month = cursor.fetchone()
        cursor.execute(_ORGANISATIONS, [now - timedelta(days=DAYS), now])
        return Active(day, week, month, cursor.fetchone()[0])


def _active(end: datetime) -> Active:
    with connection.cursor() as cursor:
        bounds: dict[str, Any] = {
            name: ids.first_of(end - timedelta(days=days))
            for name, days in (("day", 1), ("week", 7), ("month", 30), ("end", 0))
        }
        cursor.execute(_ACTIVE, bounds)
        day, week, month = cursor.fetchone()
        cursor.execute(_ORGANISATIONS, [end - timedelta(days=30), end])
        return Active(day, week, month, cursor.fetchone()[0])


def _asked(start: datetime, end: datetime) -> Requests:
    with connection.cursor() as cursor:
        cursor.execute(_CHANNELS, [ids.first_of(start), ids.first_of(end)])
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    calls, failed, api = rows.get("api", (0, 0, "{}"))
    return Requests(calls, failed, added([orjson.loads(api)]), added([orjson.loads(rows.get("page", (0, 0, "{}"))[2])]))


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days side by side as one: first and last of each."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] == day - timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
