"""What a person may do, and why: each permission with the role that gives it, and where that role is held."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from portal.kit import clock
from rbac.counting import counting_sql
from rbac.models import INSTALLATION

_EFFECTIVE = """
WITH RECURSIVE held AS (
    SELECT b.scope_id, b.role_id FROM rbac_binding b JOIN {users} u ON u.id = b.user_id AND u.is_active
    WHERE b.user_id = %(person)s AND b.scope_id = ANY(%(scopes)s) AND NOT b.is_suspended
        AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
), reached AS (
    SELECT scope_id, role_id AS top_id, role_id FROM held
    UNION SELECT h.scope_id, h.top_id, r.inherits_id FROM reached h JOIN rbac_role r ON r.id = h.role_id
    WHERE r.inherits_id IS NOT NULL
)
SELECT p.code, h.scope_id, top.label, stated.label, rp.effect
FROM reached h JOIN rbac_role_permission rp ON rp.role_id = h.role_id JOIN rbac_permission p ON p.number = rp.permission_id
JOIN rbac_role top ON top.id = h.top_id JOIN rbac_role stated ON stated.id = h.role_id
ORDER BY p.code, h.scope_id, top.rank DESC, stated.rank DESC
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a role bears on a permission: the role held and on which scope, and the one that states it."""

    scope_id: UUID
    role: str
    stated_by: str
    denies: bool

    @property
    def inherited(self) -> bool:
        """Whether the role has it from one that it inherits."""
        return self.role != self.stated_by


@dataclass(frozen=True, slots=True)
class Held:
    """A permission and every reason for it; on a scope where one of them denies, or above, it is not held."""

    code: str
    reasons: tuple[Reason, ...]

    def allowed_on(self, scope_id: UUID) -> bool:
        """What the decision says on a scope: some role allows it there or on the installation, and none denies it."""
        here = [reason for reason in self.reasons if reason.scope_id in {INSTALLATION, scope_id}]
        return bool(here) and not any(reason.denies for reason in here)


def effective_permissions(person_id: UUID, scopes: Iterable[UUID] = ()) -> list[Held]:
    """The permissions of a person on the installation and on these organisations, by code; one query.

    As the decision has them: nothing for an inactive person, resting and finished bindings do not count. Whoever shows
    it demands a right of its own for that.
    """
    sql = _EFFECTIVE.format(users=connection.ops.quote_name(get_user_model()._meta.db_table), counting=counting_sql())
    values: dict[str, UUID | list[UUID] | datetime] = {
        "person": person_id,
        "scopes": [INSTALLATION, *scopes],
        "now": clock.now(),
    }
    found: dict[str, list[Reason]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for code, scope_id, role, stated_by, effect in cursor.fetchall():
            found.setdefault(code, []).append(Reason(scope_id, role, stated_by, effect == "deny"))
    return [Held(code, tuple(reasons)) for code, reasons in found.items()]
