"""Numbers of how people sign in, and what is wrong with it: for the security page and for Prometheus.

Each looks at a bounded part: the trail by kind of event and time, sessions and accounts by index, people not seen for
long only up to a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import Session, User
from audit.models import Event
from audit.presenters import Told
from audit.selectors import told
from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.decision import authorise
from rbac.counting import counting_sql
from rbac.models import INSTALLATION

RIGHT = "security:read"
FAILURES = ("accounts.session.refused", "accounts.factor.refused", "accounts.session.doubted")
LOCKS = "accounts.session.locked"
STARTED = "accounts.session.started"
VIEWS = "accounts.impersonation.started"
DORMANT = timedelta(days=90)
COUNTED = 10_000  # More dormant people than this are told as "more than".
SHOWN = 5  # Rows of a panel.

# The people with a second factor that lasts; each kind of factor adds its own rows. Constants, never what was typed.
LASTING = ("SELECT user_id FROM accounts_totp_device WHERE confirmed", "SELECT user_id FROM accounts_passkey")

_FACTOR = f"factor AS MATERIALIZED ({' UNION '.join(LASTING)})"
_STAFF = """
staff AS MATERIALIZED (
    SELECT DISTINCT b.user_id FROM rbac_binding b JOIN accounts_user u ON u.id = b.user_id AND u.is_active AND u.kind = 'person'
    WHERE b.scope_id = %(installation)s AND NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
)
"""
_COVERAGE = """
WITH {factor}, {staff}
SELECT
    (SELECT count(*) FROM accounts_user WHERE is_active AND kind = 'person'),
    (SELECT count(*) FROM factor JOIN accounts_user u ON u.id = factor.user_id AND u.is_active AND u.kind = 'person'),
    (SELECT count(*) FROM staff), (SELECT count(*) FROM staff JOIN factor USING (user_id)),
    (SELECT count(*) FROM accounts_user u WHERE u.factor_due_at <= %(now)s AND u.is_active
        AND NOT EXISTS (SELECT FROM factor WHERE factor.user_id = u.id))
"""
_OVERDUE = """
WITH {factor}
SELECT u.id FROM accounts_user u WHERE u.factor_due_at IS NOT NULL AND u.is_active
    AND NOT EXISTS (SELECT FROM factor WHERE factor.user_id = u.id)
ORDER BY u.factor_due_at, u.id LIMIT %(limit)s
"""
_LOCKED = """
SELECT split_part(slot, ':', 2)::uuid, max(locked_until), sum(failures) FROM accounts_sign_in_counter
WHERE locked_until > %(now)s AND (slot LIKE 'pair:%%' OR slot LIKE 'account:%%') AND split_part(slot, ':', 2) NOT LIKE 'unknown-%%'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""
_LOCKS = "SELECT count(*) FROM accounts_sign_in_counter WHERE locked_until > %(now)s"
_SESSIONS = """
SELECT CASE WHEN impersonator_id IS NOT NULL THEN 'view' ELSE kind END, count(*) FROM accounts_session
WHERE expires_at > %(now)s GROUP BY 1
"""
_DORMANT = """
SELECT count(*) FROM (
    (SELECT FROM accounts_user WHERE last_seen_at < %(before)s AND is_active LIMIT %(limit)s)
    UNION ALL (SELECT FROM accounts_user WHERE last_seen_at IS NULL AND created_at < %(before)s AND is_active LIMIT %(limit)s)
) AS found
"""
_DORMANT_STAFF = """
WITH {staff}
SELECT u.id FROM staff JOIN accounts_user u ON u.id = staff.user_id
WHERE coalesce(u.last_seen_at, u.created_at) < %(before)s ORDER BY coalesce(u.last_seen_at, u.created_at), u.id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Coverage:
    """Active people, and how many of them have a second factor; the same of staff; who should have one by now."""

    people: int
    people_with: int
    staff: int
    staff_with: int
    overdue: int


def coverage() -> Coverage:
    """How far second factors have come; one query. For whom it may be shown to, the caller has to ask."""
    sql = _COVERAGE.format(factor=_FACTOR, staff=_STAFF.format(counting=counting_sql()))
    return Coverage(*map(int, _row(sql, installation=INSTALLATION)))


def locks_now() -> int:
    """How many slots (account and address, account, address) are locked now."""
    return int(_row(_LOCKS)[0])


def sessions_now() -> dict[str, int]:
    """Live sessions by kind: browser, token, view (of an administrator who sees the console as somebody)."""
    return {kind: int(number) for kind, number in _rows(_SESSIONS)}


def dormant() -> int:
    """Active people who were not seen for 90 days, or never and were made before; counted up to twice `COUNTED`."""
    return int(_row(_DORMANT, before=clock.now() - DORMANT, limit=COUNTED)[0])


@dataclass(frozen=True)
class Locked:
    """A person whose sign-in is locked, until when at the latest, after how many failures."""

    user: User
    until: datetime
    failures: int


def locked(actor: Actor) -> list[Locked]:
    """Whose sign-in is locked now, the longest first. Needs `security:read`; two queries."""
    authorise(actor, RIGHT)
    found = _rows(_LOCKED, limit=SHOWN)
    people = _people(actor, [key for key, _until, _failures in found])
    return [Locked(people[key], until, int(failures)) for key, until, failures in found if key in people]


def without_factor(actor: Actor) -> list[User]:
    """Active people who need a second factor and have none, whose time is over first. Needs `security:read`."""
    authorise(actor, RIGHT)
    keys = [key for (key,) in _rows(_OVERDUE.format(factor=_FACTOR), limit=SHOWN)]
    people = _people(actor, keys)
    return [people[key] for key in keys if key in people]


def dormant_staff(actor: Actor) -> list[User]:
    """Active people with a role of the installation who were not seen for 90 days. Needs `security:read`."""
    authorise(actor, RIGHT)
    sql = _DORMANT_STAFF.format(staff=_STAFF.format(counting=counting_sql()))
    keys = [key for (key,) in _rows(sql, installation=INSTALLATION, before=clock.now() - DORMANT, limit=SHOWN)]
    people = _people(actor, keys)
    return [people[key] for key in keys if key in people]


def per_day(actor: Actor, codes: Sequence[str], days: int) -> list[tuple[date, int]]:
    """How many events of these kinds each of the last `days` days had, today last. Needs `security:read`."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    rows = Event.objects.visible_to(actor, RIGHT).filter(code__in=codes, id__gte=ids.first_of(start)).order_by()
    found = dict(rows.annotate(day=TruncDate("occurred_at")).values_list("day").annotate(number=Count("id")))
    return [(day, found.get(day, 0)) for day in (first + timedelta(days=place) for place in range(days))]


def counted(actor: Actor, since: timedelta) -> dict[str, int]:
    """How many events of each kind of this page there were lately, by code. Needs `security:read`; one query."""
    rows = Event.objects.visible_to(actor, RIGHT).order_by()
    rows = rows.filter(code__in=[*FAILURES, LOCKS, STARTED, VIEWS], id__gte=ids.first_of(clock.now() - since))
    return dict(rows.values_list("code").annotate(number=Count("id")))


def failing_addresses(actor: Actor, since: timedelta) -> list[tuple[str, int]]:
    """From where most sign-ins failed lately. Needs `security:read`; one query."""
    rows = Event.objects.visible_to(actor, RIGHT).order_by().exclude(address=None)
    rows = rows.filter(code__in=FAILURES, id__gte=ids.first_of(clock.now() - since))
    found = rows.values_list("address").annotate(number=Count("id")).order_by("-number", "address")[:SHOWN]
    return [(str(address), number) for address, number in found]


def failures_of(actor: Actor, user: User, since: timedelta) -> tuple[int, list[Told]]:
    """How often the sign-in of a person failed lately, and the newest of those. Needs `user:admin` on it; two queries."""
    authorise(actor, "user:admin", user)
    rows = Event.objects.visible_to(actor, "user:admin").filter(target_id=user.pk, code__in=[*FAILURES, LOCKS])
    rows = rows.filter(id__gte=ids.first_of(clock.now() - since)).order_by("-id")
    return rows.filter(code__in=FAILURES).count(), list(told(rows[:SHOWN]))


def views(actor: Actor, since: timedelta) -> list[Told]:
    """When administrators lately saw the console as somebody else, the newest first. Needs `security:read`."""
    rows = Event.objects.visible_to(actor, RIGHT).filter(code=VIEWS, id__gte=ids.first_of(clock.now() - since))
    return list(told(rows.order_by("-id")[:SHOWN]))


def sign_ins_today() -> dict[str, int]:
    """Sign-ins of the present day (UTC) by outcome: succeeded, failed, locked. From the trail, so it never falls."""
    now = clock.now()
    first = ids.first_of(datetime.combine(now.date(), time.min, now.tzinfo))
    sql = "SELECT code, count(*) FROM audit_event WHERE code = ANY(%(codes)s) AND id >= %(first)s GROUP BY 1"
    found = {code: int(number) for code, number in _rows(sql, codes=[*FAILURES, LOCKS, STARTED], first=first)}
    return {
        "succeeded": found.get(STARTED, 0),
        "failed": sum(found.get(code, 0) for code in FAILURES),
        "locked": found.get(LOCKS, 0),
    }


def live_views() -> int:
    """How many administrators see the console as somebody else now."""
    return Session.objects.exclude(impersonator=None).filter(expires_at__gt=clock.now()).count()


def _people(actor: Actor, keys: Sequence[UUID]) -> dict[UUID, User]:
    return User.objects.visible_to(actor, RIGHT).in_bulk(keys) if keys else {}


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": clock.now(), **values})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _row(sql: str, **values: Any) -> tuple[Any, ...]:
    return _rows(sql, **values)[0]
