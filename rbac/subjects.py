"""Who may do something: the decision asked the other way round."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.decision import Subject
from portal.kit.paging import PAGE, Cursor, Page
from rbac.counting import bounded_here
from rbac.decision import known
from rbac.rules import Ask, ask_about

# Of the ways in which somebody has the permission the highest role is shown, then a grant, then what everybody may; one
# way that denies it takes it away, as in `can`.
_SUBJECTS = """
WITH found AS MATERIALIZED (
    SELECT f.* FROM rbac_permission p
    CROSS JOIN LATERAL rbac_subjects(p.number, %(place)s, %(object)s, %(now)s, %(bounded)s, %(after)s, %(before)s) f
    WHERE p.code = %(code)s
), shown AS (
    SELECT DISTINCT ON (person_id) * FROM found f
    WHERE NOT EXISTS (SELECT FROM found d WHERE d.person_id = f.person_id AND d.denies) {members}
    ORDER BY person_id {direction}, rank DESC, label, source LIMIT %(limit)s
)
SELECT f.person_id, coalesce(nullif(u.name, ''), u.username), f.label, f.source, s.kind,
    coalesce(w.name, r.name), t.name
FROM shown f JOIN {users} u ON u.id = f.person_id LEFT JOIN rbac_scope s ON s.id = f.scope_id
LEFT JOIN rbac_workspace w ON w.id = f.scope_id LEFT JOIN rbac_resource r ON r.id = f.scope_id
LEFT JOIN rbac_team t ON t.id = f.team_id
ORDER BY f.person_id {direction}
"""
_MEMBERS = """AND EXISTS (SELECT FROM accounts_membership m
    WHERE m.organisation_id = %(organisation)s AND m.user_id = f.person_id AND m.state = 'active')"""
T = TypeVar("T")


def list_subjects(
    code: str, obj: models.Model | None = None, cursor: Cursor | None = None, limit: int = PAGE
) -> Page[Subject]:
    """Fill of the port `kit.decision.list_subjects`.

    Conditions are judged by the time and the attributes of the object alone: who has the permission only from some
    address or with a fresh second factor is not listed.
    """
    known(code)
    found = [_subject(row) for row in _rows(code, ask_about(obj, None), cursor, limit + 1, members_only=False)]
    return _page(found, cursor, limit, lambda one: one.person_id)


def list_holders(code: str, ask: Ask, cursor: Cursor | None = None, limit: int = PAGE) -> Page[UUID]:
    """As `list_subjects`, by their ids; in an organisation only its active members, not the staff of the installation."""
    known(code)
    rows = _rows(code, ask, cursor, limit + 1, members_only=ask.organisation is not None)
    return _page([row[0] for row in rows], cursor, limit, lambda one: one)


def _rows(
    code: str, ask: Ask, cursor: Cursor | None, limit: int, *, members_only: bool
) -> list[tuple[UUID, str, str, str, str | None, str | None, str | None]]:
    backwards = cursor is not None and cursor.backwards
    beyond = cursor.row_id if cursor is not None else None
    values: dict[str, Any] = {
        "code": code,
        "place": ask.place,
        "object": ask.object,
        "organisation": ask.organisation,
        "now": clock.now(),
        "bounded": bounded_here(),
        "after": None if backwards else beyond,
        "before": beyond if backwards else None,
        "limit": limit,
    }
    sql = _SUBJECTS.format(
        users=connection.ops.quote_name(get_user_model()._meta.db_table),
        direction="DESC" if backwards else "ASC",
        members=_MEMBERS if members_only else "",
    )
    with connection.cursor() as cursor_of_database:
        cursor_of_database.execute(sql, values)
        found: list[tuple[UUID, str, str, str, str | None, str | None, str | None]] = cursor_of_database.fetchall()
    return found


def _subject(row: tuple[UUID, str, str, str, str | None, str | None, str | None]) -> Subject:
    person_id, label, role, source, kind, place, team = row
    labels = {"grant": _("Granted directly"), "team_grant": _("Granted directly"), "public": _("Public")}
    return Subject(person_id, label, role or labels.get(source, ""), _via(source, kind, place, team))


def _via(source: str, kind: str | None, place: str | None, team: str | None) -> str:
    if kind == "installation":
        where = _("On the whole installation")
    elif kind == "organisation":
        where = _("In this organisation")
    elif kind == "workspace":
        where = _("In the workspace %(name)s") % {"name": place}
    else:
        where = _("On %(name)s") % {"name": place} if place else _("On the object itself")
    if team is not None:
        return _("%(where)s, through the team %(team)s") % {"where": where, "team": team}
    return _("%(where)s, as every member") % {"where": where} if source in {"everyone", "public"} else where


def _page(found: list[T], cursor: Cursor | None, limit: int, key: Callable[[T], UUID]) -> Page[T]:
    """One row more than shown tells whether it goes on."""
    more, items = len(found) > limit, found[:limit]
    backwards = cursor is not None and cursor.backwards
    if backwards:
        items.reverse()
    if not items:
        return Page([], None, None)
    has_previous = more if backwards else cursor is not None
    has_next = True if backwards else more
    return Page(
        items,
        Cursor(key(items[0]), backwards=True) if has_previous else None,
        Cursor(key(items[-1])) if has_next else None,
    )
