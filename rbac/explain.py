"""Why somebody may do something or may not: every path from the person to the permission, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from django.contrib.auth import get_user_model
from django.db import connection, models

from portal.kit import clock
from portal.kit.context import Actor
from rbac.conditions import Situation, at_object, met, situation
from rbac.counting import bounded_here
from rbac.decision import known
from rbac.epochs import stamps_of
from rbac.models import INSTALLATION
from rbac.rules import Ask, ask_about

Source = Literal["role", "team", "everyone", "grant", "team_grant", "public"]
State = Literal["counts", "expired", "suspended", "not_member", "needs_end", "condition", "context_missing"]

_PATHS = """
SELECT p.source, p.denies, p.scope_id, p.role, p.stated_by, p.teams, p.conditions, p.expires_at, p.state
FROM rbac_paths(%(person)s, %(places)s, %(object)s, (SELECT number FROM rbac_permission WHERE code = %(code)s), %(now)s, %(bounded)s) p
WHERE EXISTS (SELECT FROM rbac_permission WHERE code = %(code)s)
ORDER BY p.denies DESC, p.state = 'counts' DESC, p.rank DESC, p.stated_rank DESC, p.source, p.scope_id
"""
_CHAIN = """
SELECT s.id, s.kind, coalesce(w.name, r.name, ''), r.attributes,
    rbac_is_off((SELECT number FROM rbac_permission WHERE code = %(code)s), s.organisation_id)
FROM rbac_scope_path p JOIN rbac_scope s ON s.id = p.ancestor_id
LEFT JOIN rbac_workspace w ON w.id = s.id LEFT JOIN rbac_resource r ON r.id = s.id
WHERE p.descendant_id = %(place)s ORDER BY p.depth
"""
# What would help: the roles that state the permission, and those that inherit it from them.
_GIVING = """
WITH RECURSIVE giving AS (
    SELECT r.id, r.organisation_id FROM rbac_role_permission rp JOIN rbac_role r ON r.id = rp.role_id
    JOIN rbac_permission p ON p.number = rp.permission_id WHERE p.code = %(code)s AND rp.effect = 'allow'
    UNION SELECT r.id, r.organisation_id FROM giving g JOIN rbac_role r ON r.inherits_id = g.id
)
SELECT r.label FROM giving g JOIN rbac_role r ON r.id = g.id
WHERE (r.organisation_id = %(organisation)s OR r.organisation_id IS NULL)
    AND (%(organisation)s::uuid IS NULL) = (r.catalogue = 'platform')
ORDER BY r.rank, r.label
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the chain on which a question is decided, the object first."""

    id: UUID
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """One way in which a permission reaches a person, and whether it counts.

    `role` is the one held on the scope, `stated_by` the one that it has the permission from; `teams` leads from the
    person's team to the one that holds it. Grants and what is public have no role. `state` says why a path does not
    count: it is over, rests, needs an end here, the person is no active member, or its condition is not met or asks for
    what the context does not say.
    """

    source: Source
    denies: bool
    scope_id: UUID
    role: str | None
    stated_by: str | None
    teams: tuple[str, ...]
    conditions: Mapping[str, Any] | None
    expires_at: datetime | None
    state: State

    @property
    def counts(self) -> bool:
        """Whether it bears on the answer. What denies does so too where the context does not say."""
        return self.state == "counts" or (self.denies and self.state == "context_missing")


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer with everything that led to it.

    `reason` is that of the decision, or `inactive` for a person who is; with `module` the organisation has the part of
    the product switched off that the permission belongs to, whatever the paths say. `would_give` are the labels of the roles that
    hold the permission, lowest first, where none of the paths allows it.
    """

    person_id: UUID | None
    code: str
    allowed: bool
    reason: str
    version: str
    chain: tuple[Place, ...] = ()
    paths: tuple[Path, ...] = ()
    would_give: tuple[str, ...] = ()

    @property
    def denied_by(self) -> tuple[Path, ...]:
        """What takes the permission away."""
        return tuple(path for path in self.paths if path.denies and path.counts)


def explain(
    who: Actor | UUID,
    code: str,
    obj: models.Model | None = None,
    *,
    context: Mapping[str, Any] | Situation | None = None,
) -> Trace:
    """Why `who` may do `code` (on `obj`) or may not; four queries. Whoever shows it demands a right of its own for that.

    Decided anew from the rows, not from what is remembered; `replay` of the paths gives the same answer as `can`.
    """
    known(code)
    actor = who if isinstance(who, Actor) else Actor("person", who, "")
    if actor.kind == "system" or actor.id is None:
        return Trace(None, code, actor.kind == "system", "system" if actor.kind == "system" else "anonymous", "0.0.0")
    ask = ask_about(obj, actor.organisation_id)
    version = ".".join(str(part) for part in stamps_of(actor.id, ask.organisation))
    if actor.scopes is not None and code not in actor.scopes:
        return Trace(actor.id, code, False, "scope", version)
    active = get_user_model()._default_manager.filter(pk=actor.id, is_active=True).exists()
    chain, attributes, is_off = _chain(ask, code)
    paths = _paths(actor.id, ask, code, context, attributes) if active else ()
    allowed, reason = _outcome(paths) if active else (False, "inactive")
    if active and is_off:
        allowed, reason = False, "module"
    helping = any(path.counts and not path.denies for path in paths)
    would_give = () if helping else _giving(code, ask.organisation)
    return Trace(actor.id, code, allowed, reason, version, chain, paths, would_give)


def replay(trace: Trace) -> bool:
    """The answer that follows from the paths of a trace alone."""
    if trace.reason in {"system", "anonymous", "scope", "inactive", "module"}:
        return trace.reason == "system"
    return _outcome(trace.paths)[0]


def _outcome(paths: tuple[Path, ...]) -> tuple[bool, str]:
    counting = [path for path in paths if path.counts]
    if any(path.denies for path in counting):
        return False, "denied"
    sources = {path.source for path in counting}
    for reason, of in (
        ("role", {"role", "team", "everyone"}),
        ("grant", {"grant", "team_grant"}),
        ("public", {"public"}),
    ):
        if sources & of:
            return True, reason
    waiting = any(not path.denies and path.state in {"condition", "context_missing"} for path in paths)
    return False, "condition" if waiting else "no_role"


def _chain(ask: Ask, code: str) -> tuple[tuple[Place, ...], Mapping[str, Any] | None, bool]:
    """The way up from the object, its attributes, and whether its organisation has the permission switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"place": ask.place, "code": code})
        rows = cursor.fetchall()
    chain = [Place(one, kind, name) for one, kind, name, _attributes, _off in rows]
    attributes = orjson.loads(rows[0][3]) if rows and rows[0][3] is not None else None
    return (*chain, Place(INSTALLATION, "installation", "")), attributes, bool(rows and rows[0][4])


def _paths(
    person_id: UUID,
    ask: Ask,
    code: str,
    context: Mapping[str, Any] | Situation | None,
    attributes: Mapping[str, Any] | None,
) -> tuple[Path, ...]:
    here = at_object(situation(person_id, context), attributes)
    values: dict[str, Any] = {
        "person": person_id,
        "places": [ask.place],
        "object": ask.object,
        "code": code,
        "now": clock.now(),
        "bounded": bounded_here(),
    }
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_PATHS, values)
        rows = cursor.fetchall()
    for source, denies, scope_id, role, stated_by, teams, conditions, expires_at, state in rows:
        wanted = None if conditions is None else orjson.loads(conditions)
        answer = met(wanted, here)
        outcome = state
        if state == "counts" and answer is not True:
            outcome = "condition" if answer is False else "context_missing"
        told = Path(source, denies, scope_id, role, stated_by, tuple(teams or ()), wanted, expires_at, outcome)
        found.append(told)
    return tuple(found)


def _giving(code: str, organisation: UUID | None) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_GIVING, {"code": code, "organisation": organisation})
        return tuple(label for (label,) in cursor.fetchall())
