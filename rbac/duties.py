"""Separation of duties: who holds what a rule says nobody may hold together.

Counted is what people hold anywhere in an organisation, or on the installation: by roles of their own, of their teams
and of everybody, and by single rights; resting and conditional ones as well, since nobody is asked again when they come
back. What a role denies itself it does not give. Ownership and the highest role of the installation hold everything by
what they are, so what comes from them alone is left out: a rule cannot shut an organisation off from its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kit import clock
from rbac.counting import counting_sql
from rbac.govern_errors import DutiesConflict
from rbac.models import INSTALLATION, DutyRule, Scope

CODE, ROLE = "code", "role"
Item = tuple[str, str]  # A code, or the id of a role.

_HELD = """
WITH RECURSIVE bound AS (
    SELECT b.* FROM rbac_binding b JOIN rbac_scope s ON s.id = b.scope_id JOIN rbac_role r ON r.id = b.role_id
    WHERE {place} AND b.effect = 'allow' AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
        AND NOT (r.catalogue = 'organisation' AND r.code = 'owner')
        AND NOT (r.catalogue = 'platform' AND r.code = 'super_admin')
), holds AS (
    SELECT b.user_id AS person, b.role_id FROM bound b WHERE b.user_id IS NOT NULL
    UNION SELECT m.user_id, b.role_id FROM bound b JOIN rbac_team_path p ON p.ancestor_id = b.team_id
        JOIN rbac_team_member m ON m.team_id = p.descendant_id
    UNION SELECT m.user_id, b.role_id FROM bound b JOIN accounts_membership m
        ON m.organisation_id = %(organisation)s AND m.state IN ('active', 'suspended') WHERE b.everyone
), reached AS (
    SELECT DISTINCT role_id AS held, role_id AS id FROM holds
    UNION SELECT h.held, r.inherits_id FROM reached h JOIN rbac_role r ON r.id = h.id WHERE r.inherits_id IS NOT NULL
), given AS (
    SELECT h.held, p.code FROM reached h JOIN rbac_role_permission rp ON rp.role_id = h.id
    JOIN rbac_permission p ON p.number = rp.permission_id
    GROUP BY h.held, p.code HAVING bool_and(rp.effect = 'allow')
), granted AS (
    SELECT g.user_id AS person, a.codename AS code FROM rbac_user_grant g JOIN auth_permission a ON a.id = g.permission_id
    WHERE g.organisation_id IS NOT DISTINCT FROM %(organisation)s AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    UNION SELECT m.user_id, a.codename FROM rbac_team_grant g JOIN auth_permission a ON a.id = g.permission_id
    JOIN rbac_team t ON t.group_id = g.group_id JOIN rbac_team_path p ON p.ancestor_id = t.id
    JOIN rbac_team_member m ON m.team_id = p.descendant_id
    WHERE g.organisation_id = %(organisation)s AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
)
SELECT DISTINCT person, kind, item FROM (
    SELECT h.person, 'role' AS kind, r.id::text AS item FROM holds h JOIN reached r ON r.held = h.role_id
    UNION ALL SELECT h.person, 'code', g.code FROM holds h JOIN given g ON g.held = h.role_id
    UNION ALL SELECT person, 'code', code FROM granted
) found
WHERE (kind = 'role' AND item = ANY(%(roles)s) OR kind = 'code' AND item = ANY(%(codes)s))
    AND (%(people)s::uuid[] IS NULL OR person = ANY(%(people)s))
"""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody who holds something of both sides of a rule: which of the one, and which of the other."""

    rule: DutyRule
    person_id: UUID
    one: tuple[Item, ...]
    other: tuple[Item, ...]


def sides(rule: DutyRule) -> tuple[frozenset[Item], frozenset[Item]]:
    """What stands on the two sides of a rule."""
    return (
        frozenset({*((CODE, code) for code in rule.one_codes), *((ROLE, key) for key in rule.one_roles)}),
        frozenset({*((CODE, code) for code in rule.other_codes), *((ROLE, key) for key in rule.other_roles)}),
    )


def rules_at(scope_id: UUID) -> list[DutyRule]:
    """The active rules of an organisation, or of the installation; one query."""
    of = Q(organisation=None) if scope_id == INSTALLATION else Q(organisation=scope_id)
    return list(DutyRule.objects.filter(of, is_active=True).order_by("id"))


def conflicts_of(rules: Iterable[DutyRule], scope_id: UUID, people: Iterable[UUID] | None = None) -> list[Conflict]:
    """Who of `people` (None: everybody) holds what these rules separate; one query, none without rules."""
    asked = list(rules)
    if not asked:
        return []
    held: dict[UUID, set[Item]] = {}
    wanted = {item for rule in asked for side in sides(rule) for item in side}
    for person_id, kind, item in _held(wanted, scope_id, people):
        held.setdefault(person_id, set()).add((kind, item))
    return [
        Conflict(rule, person_id, tuple(sorted(mine & one)), tuple(sorted(mine & other)))
        for rule in asked
        for one, other in [sides(rule)]
        for person_id, mine in sorted(held.items())
        if mine & one and mine & other
    ]


def _held(wanted: set[Item], scope_id: UUID, people: Iterable[UUID] | None) -> Iterator[tuple[UUID, str, str]]:
    inside = scope_id != INSTALLATION
    values: dict[str, Any] = {
        "organisation": scope_id if inside else None,
        "scope": scope_id,
        "now": clock.now(),
        "people": None if people is None else list(people),
        "roles": [item for kind, item in wanted if kind == ROLE],
        "codes": [item for kind, item in wanted if kind == CODE],
    }
    place = "s.organisation_id = %(organisation)s" if inside else "b.scope_id = %(scope)s AND b.user_id IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(_HELD.format(place=place, counting=counting_sql()), values)
        yield from cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Kept:
    """The conflicts that were there before a change; those that it adds are refused."""

    scope_id: UUID
    people: tuple[UUID, ...] | None = None
    rules: tuple[DutyRule, ...] = ()
    before: frozenset[tuple[UUID, UUID]] = field(default_factory=frozenset)

    def check(self) -> None:
        """Raise `DutiesConflict` when somebody came to hold what a rule separates. Call it in the transaction of the
        change, after it; what was there before stays listed and stops nobody."""
        for found in conflicts_of(self.rules, self.scope_id, self.people):
            if (found.rule.pk, found.person_id) not in self.before:
                raise DutiesConflict(
                    _(
                        "The rule “%(rule)s” says that nobody may hold both. Take the other one away first, choose a "
                        "role without it, or change the rule."
                    )
                    % {"rule": found.rule.name}
                )


def duties_kept(scope_id: UUID, people: Iterable[UUID] | None = None) -> Kept:
    """What `Kept.check` compares with once the change is written. Where there are rules it lets only one transaction at
    a time change who holds what: two halves of a conflict that come at once would not see each other."""
    rules = rules_at(scope_id)
    if not rules:
        return Kept(scope_id)
    list(Scope.objects.select_for_update(no_key=True).filter(pk=scope_id))
    rules = rules_at(scope_id)
    asked = None if people is None else tuple(people)
    before = frozenset((found.rule.pk, found.person_id) for found in conflicts_of(rules, scope_id, asked))
    return Kept(scope_id, asked, tuple(rules), before)
