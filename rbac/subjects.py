"""Who may do something: the decision asked the other way round."""

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils.translation import gettext as _

from portal.kit import clock, registry
from portal.kit.decision import Subject
from portal.kit.paging import PAGE, Cursor, Page
from rbac.counting import counting_sql
from rbac.decision import organisation_of
from rbac.models import INSTALLATION

# `giving` and `denying` are the roles with the code of their own or by inheritance. Of the bindings of a person, the
# highest role that gives the code is the one shown; any that denies it takes it away, as in `can`.
_SUBJECTS = """
WITH RECURSIVE giving AS (
    SELECT rp.role_id, rp.effect FROM rbac_role_permission rp JOIN rbac_permission p ON p.number = rp.permission_id
    WHERE p.code = %(code)s
    UNION SELECT r.id, h.effect FROM rbac_role r JOIN giving h ON h.role_id = r.inherits_id
)
SELECT DISTINCT ON (b.user_id) b.user_id, coalesce(nullif(u.name, ''), u.username), r.label, b.scope_id
FROM rbac_binding b JOIN {users} u ON u.id = b.user_id AND u.is_active JOIN rbac_role r ON r.id = b.role_id
WHERE b.scope_id = ANY(%(scopes)s) AND NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
    AND b.role_id IN (SELECT role_id FROM giving WHERE effect = 'allow') {beyond}
    AND NOT EXISTS (
        SELECT FROM rbac_binding d WHERE d.user_id = b.user_id AND d.scope_id = ANY(%(scopes)s) AND NOT d.is_suspended
            AND (d.expires_at IS NULL OR d.expires_at > %(now)s)
            AND d.role_id IN (SELECT role_id FROM giving WHERE effect = 'deny'))
ORDER BY b.user_id {direction}, r.rank DESC LIMIT %(limit)s
"""


def list_subjects(
    code: str, obj: models.Model | None = None, cursor: Cursor | None = None, limit: int = PAGE
) -> Page[Subject]:
    """Fill of the port `kit.decision.list_subjects`."""
    registry.permissions.get(code)
    organisation = organisation_of(obj)
    scopes = [INSTALLATION] if organisation is None else [INSTALLATION, organisation]
    backwards = cursor is not None and cursor.backwards
    values: dict[str, Any] = {"code": code, "scopes": scopes, "now": clock.now(), "limit": limit + 1}
    beyond = ""
    if cursor is not None:
        beyond = f"AND b.user_id {'<' if backwards else '>'} %(after)s"
        values["after"] = cursor.row_id
    sql = _SUBJECTS.format(
        users=connection.ops.quote_name(get_user_model()._meta.db_table),
        beyond=beyond,
        direction="DESC" if backwards else "ASC",
        counting=counting_sql(),
    )
    with connection.cursor() as cursor_of_database:
        cursor_of_database.execute(sql, values)
        found = [_subject(*row) for row in cursor_of_database.fetchall()]
    return _page(found, cursor, limit)


def _subject(person_id: UUID, label: str, role_label: str, scope_id: UUID) -> Subject:
    via = _("On the whole installation") if scope_id == INSTALLATION else _("In this organisation")
    return Subject(person_id, label, role_label, via)


def _page(found: list[Subject], cursor: Cursor | None, limit: int) -> Page[Subject]:
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
        Cursor(items[0].person_id, backwards=True) if has_previous else None,
        Cursor(items[-1].person_id) if has_next else None,
    )
