"""Who would gain or lose what if roles were changed: the very services run, and everything is taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac.counting import counting_sql
from rbac.holders import Holder, people_of
from rbac.models import INSTALLATION, Binding, Role
from rbac.services.custom_roles import RoleDraft, role_update

SHOWN = 200  # People whose rights are worked out one by one; of more, the number is told.

_HELD = """
WITH RECURSIVE asked AS (
    SELECT * FROM unnest(%(people)s::uuid[], %(scopes)s::uuid[]) AS a (person, scope)
), place AS (
    SELECT DISTINCT a.scope, p.ancestor_id AS at FROM asked a JOIN rbac_scope_path p ON p.descendant_id = a.scope
    UNION SELECT a.scope, %(root)s::uuid FROM asked a
), mine AS (
    SELECT a.person, a.scope, b.id FROM asked a JOIN place p USING (scope)
    JOIN rbac_binding b ON b.scope_id = p.at AND b.user_id = a.person
    UNION SELECT a.person, a.scope, b.id FROM asked a JOIN place p USING (scope)
    JOIN rbac_team_member m ON m.user_id = a.person JOIN rbac_team_path t ON t.descendant_id = m.team_id
    JOIN rbac_binding b ON b.scope_id = p.at AND b.team_id = t.ancestor_id
    UNION SELECT a.person, a.scope, b.id FROM asked a JOIN place p USING (scope)
    JOIN rbac_binding b ON b.scope_id = p.at AND b.everyone
), reached AS (
    SELECT m.person, m.scope, b.role_id, b.effect FROM mine m JOIN rbac_binding b USING (id)
    WHERE NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
    UNION SELECT h.person, h.scope, r.inherits_id, h.effect FROM reached h JOIN rbac_role r ON r.id = h.role_id
    WHERE r.inherits_id IS NOT NULL
)
SELECT h.person, h.scope, p.code FROM reached h JOIN rbac_role_permission rp ON rp.role_id = h.role_id
JOIN rbac_permission p ON p.number = rp.permission_id JOIN rbac_scope s ON s.id = h.scope
WHERE p.module_id IS NULL OR NOT rbac_is_off(p.number, s.organisation_id)
GROUP BY h.person, h.scope, p.code
HAVING bool_or(h.effect = 'allow' AND rp.effect = 'allow') AND NOT bool_or(h.effect = 'deny' OR rp.effect = 'deny')
"""


@dataclass(frozen=True)
class Change:
    """What one person gains and loses somewhere."""

    person_id: UUID
    name: str
    gains: Sequence[str]
    losses: Sequence[str]


@dataclass(frozen=True)
class Preview:
    """Everybody who would gain or lose something; `touched` is how many people hold the roles at all."""

    touched: int
    changes: Sequence[Change] = field(default_factory=list)

    @property
    def gaining(self) -> int:
        """How many gain something."""
        return sum(bool(change.gains) for change in self.changes)

    @property
    def losing(self) -> int:
        """How many lose something."""
        return sum(bool(change.losses) for change in self.changes)


class _TakenBackError(Exception):
    """Ends the block whose changes shall not stay."""


def preview_roles(actor: Actor, changes: Iterable[tuple[Role, RoleDraft]]) -> Preview:
    """Who gains and loses what by these changes of own roles of one organisation. Nothing stays of it, no event, no mail.

    Raises what `role_update` raises. Conditional roles count as held.
    """
    wanted = list(changes)
    if not wanted:
        return Preview(0)
    pairs = _holdings([role for role, _draft in wanted])
    people = sorted({person for person, _scope in pairs})
    shown = set(people[:SHOWN])
    asked = [pair for pair in pairs if pair[0] in shown]
    before = _held(asked)
    after = before
    try:
        with writing(), transaction.atomic():
            for role, draft in wanted:
                role_update(actor=actor, role=role, draft=draft)
            after = _held(asked)
            raise _TakenBackError
    except _TakenBackError:
        pass
    return Preview(len(people), _compared(before, after))


def _holdings(roles: Sequence[Role]) -> list[tuple[UUID, UUID]]:
    """Who holds one of the roles, or one that inherits it, where."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE above AS (SELECT unnest(%s::uuid[]) AS id UNION SELECT r.id FROM above a JOIN rbac_role r "
            "ON r.inherits_id = a.id) SELECT id FROM above",
            [[role.pk for role in roles]],
        )
        reached = [row[0] for row in cursor.fetchall()]
    found: set[tuple[UUID, UUID]] = set()
    organisation_id = roles[0].organisation_id
    for row in Binding.objects.select_related("team").filter(role_id__in=reached, is_suspended=False):
        if organisation_id is not None:
            found |= {(person, row.scope_id) for person in people_of(Holder.of(row), organisation_id)}
    return sorted(found)


def _held(asked: Sequence[tuple[UUID, UUID]]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    values: dict[str, Any] = {
        "people": [person for person, _scope in asked],
        "scopes": [scope for _person, scope in asked],
        "root": INSTALLATION,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HELD.format(counting=counting_sql()), values)
        for person, _scope, code in cursor.fetchall():
            found.setdefault(person, set()).add(code)
    return found


def _compared(before: dict[UUID, set[str]], after: dict[UUID, set[str]]) -> list[Change]:
    people = {person for person in before.keys() | after.keys() if before.get(person) != after.get(person)}
    names = names_of(people)
    found = [
        Change(
            person,
            names.get(person, ""),
            sorted(after.get(person, set()) - before.get(person, set())),
            sorted(before.get(person, set()) - after.get(person, set())),
        )
        for person in people
    ]
    return sorted(found, key=lambda change: (change.name, change.person_id))


def names_of(people: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these people, by id; for whoever may see them already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, coalesce(nullif(name, ''), username) FROM accounts_user WHERE id = ANY(%s)", [list(people)]
        )
        return dict(cursor.fetchall())
