"""What a person may do, and why: each permission with the role that gives it, and where that role is held."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from portal.kit import clock
from rbac.counting import bounded_here
from rbac.models import INSTALLATION

_EFFECTIVE = """
SELECT p.code, f.scope_id, f.role, f.stated_by, f.denies, f.teams[array_upper(f.teams, 1)], f.conditions IS NOT NULL,
    p.module_id IS NOT NULL AND rbac_is_off(p.number, f.scope_id)
FROM {users} u CROSS JOIN LATERAL rbac_paths(u.id, %(scopes)s, NULL, NULL, %(now)s, %(bounded)s) f
JOIN rbac_permission p ON p.number = f.number
WHERE u.id = %(person)s AND u.is_active AND f.state = 'counts'
ORDER BY p.code, f.scope_id, f.rank DESC, f.stated_rank DESC, f.source
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a role bears on a permission: the role held and on which scope, and the one that states it.

    `team` is the one that holds it, empty where the person or everybody does; `conditional`: only at times; `is_off`:
    the organisation has the part of the product switched off.
    """

    scope_id: UUID
    role: str
    stated_by: str
    denies: bool
    team: str = ""
    conditional: bool = False
    is_off: bool = False

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
        """What the decision says on a scope without any context: some role allows it there or on the installation, and
        none denies it."""
        here = [reason for reason in self.reasons if reason.scope_id in {INSTALLATION, scope_id}]
        allows = any(not reason.denies and not reason.conditional for reason in here)
        return allows and not any(reason.denies or reason.is_off for reason in here)


def effective_permissions(person_id: UUID, scopes: Iterable[UUID] = ()) -> list[Held]:
    """The permissions of a person on the installation and on these organisations, by code; one query.

    As the decision has them: nothing for an inactive person, resting and finished bindings do not count. Grants on
    single objects are told by `rbac.explain`. Whoever shows it demands a right of its own for that.
    """
    sql = _EFFECTIVE.format(users=connection.ops.quote_name(get_user_model()._meta.db_table))
    values: dict[str, Any] = {
        "person": person_id,
        "scopes": list(scopes),
        "now": clock.now(),
        "bounded": bounded_here(),
    }
    found: dict[str, list[Reason]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for code, scope_id, role, stated_by, denies, team, conditional, is_off in cursor.fetchall():
            reason = Reason(scope_id, role, stated_by, denies, team or "", conditional, is_off)
            found.setdefault(code, []).append(reason)
    return [Held(code, tuple(reasons)) for code, reasons in found.items()]
