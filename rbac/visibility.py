"""Lists: the rows on which somebody holds a permission, as a filter of the database that says exactly what `can` says.

Where the whole organisation may be seen, that is one plain comparison. Else it depends on how much of it somebody sees:
a small part is gathered by its own indexes (what roles below the organisation, grants and the public flag allow) and then
ordered; of a large part the rows are walked in the order that is asked for, and each is asked about until the page is
full. Which of the two is quicker is found out once and remembered. No ids travel through Python.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.models.expressions import Expression, F, RawSQL
from django.db.models.sql.compiler import SQLCompiler

from portal.kit.context import Actor
from rbac.conditions import Situation, situation
from rbac.counting import bounded_here
from rbac.decision import also_forget, can, is_denied, number_of
from rbac.epochs import Stamps, changed_here, stamps_of
from rbac.rules import NODES, Ask, effective_at, is_grantable, scope_field


class Shape(NamedTuple):
    """How somebody's part of an organisation looks for one code: whether something in it is denied, and whether it is
    large. What ended meanwhile, or came, makes it slower than it could be, never wrong."""

    denied: bool
    large: bool


_shapes: dict[tuple[UUID, UUID, int, Stamps], Shape] = {}
# Who holds a code on nothing at all, where the person stands.
_nowhere: set[tuple[UUID, UUID | None, int, Stamps]] = set()
_LIMIT = 50_000
_NAMED = re.compile(r"%\((\w+)\)s")

_BEARING = "rbac_bearing(%(person)s, %(organisation)s, %(number)s, %(now)s, %(bounded)s) b"
_MET = "rbac_met({0}.conditions, %(now)s, %(address)s, %(factor)s, {1}, %(context)s::jsonb)"
_ATTRIBUTES = "(SELECT r.attributes FROM rbac_resource r WHERE r.id = {0})"
_OPEN = "({0}.conditions IS NULL OR {1})"

_GRANTED_AS = "SELECT auth_permission_id FROM rbac_permission WHERE number = %(number)s"

_BY_GRANT = f"""
SELECT g.object_id FROM rbac_user_grant g WHERE g.user_id = %(person)s AND g.permission_id = ({_GRANTED_AS})
    AND {{own}} AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    AND {_OPEN.format("g", _MET.format("g", _ATTRIBUTES.format("g.object_id")))}
"""  # noqa: S608 - constants
_MEMBER = """EXISTS (SELECT FROM accounts_membership m
    WHERE m.user_id = %(person)s AND m.organisation_id = %(organisation)s AND m.state = 'active')"""
_BY_TEAM_GRANT = f"""
SELECT g.object_id FROM rbac_team_grant g WHERE g.group_id IN (
        SELECT t.group_id FROM rbac_team_member tm JOIN rbac_team_path w ON w.descendant_id = tm.team_id
        JOIN rbac_team t ON t.id = w.ancestor_id
        WHERE tm.user_id = %(person)s AND tm.organisation_id = %(organisation)s)
    AND g.permission_id = ({_GRANTED_AS}) AND g.organisation_id = %(organisation)s
    AND (g.expires_at IS NULL OR g.expires_at > %(now)s) AND {_MEMBER}
    AND {_OPEN.format("g", _MET.format("g", _ATTRIBUTES.format("g.object_id")))}
"""  # noqa: S608 - constants
_LISTED = """rbac_listed(%(person)s, %(organisation)s, %(number)s, %(now)s, %(bounded)s, %(address)s::inet,
    %(factor)s::timestamptz, %(context)s::jsonb, {0})"""
# Walking takes some 2.5 us for each row that is passed, and a page passes 50 / (part / all) of them; gathering takes some
# 3 us for each row of the part. They are even where the part is 6.5 times the root of all.
_SHAPE = f"""
SELECT EXISTS (SELECT FROM {_BEARING} WHERE b.denies), (SELECT count(*) >= most FROM {_LISTED.format("most::int")})
FROM (SELECT greatest(1000, ceil(6.5 * sqrt(greatest(reltuples, 0)))) AS most FROM pg_class
    WHERE oid = 'rbac_resource'::regclass) all_of_them
"""  # noqa: S608 - constants
# As an array: an index on the key gives its rows in order, so that a page of the newest looks up no more than it shows.
_GATHERED = f"{{row}} = ANY (ARRAY(SELECT {_LISTED.format('NULL')}))"
# One row after the other: each part is a scalar, which the database never turns into a set of all rows beforehand.
_WALKED = f"""(
(SELECT true FROM rbac_scope_path p JOIN {_BEARING} ON b.scope_id = p.ancestor_id WHERE p.descendant_id = {{row}}
    AND NOT b.denies AND {_OPEN.format("b", _MET.format("b", _ATTRIBUTES.format("p.descendant_id")))} LIMIT 1)
OR (SELECT true FROM rbac_user_grant g WHERE g.user_id = %(person)s AND g.permission_id = ({_GRANTED_AS})
    AND g.object_id = {{row}} AND g.organisation_id = %(organisation)s AND {_MEMBER}
    AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    AND {_OPEN.format("g", _MET.format("g", _ATTRIBUTES.format("g.object_id")))} LIMIT 1)
OR (SELECT true FROM rbac_team_grant g WHERE g.group_id = ANY (ARRAY(
        SELECT t.group_id FROM rbac_team_member tm JOIN rbac_team_path w ON w.descendant_id = tm.team_id
        JOIN rbac_team t ON t.id = w.ancestor_id
        WHERE tm.user_id = %(person)s AND tm.organisation_id = %(organisation)s))
    AND g.permission_id = ({_GRANTED_AS}) AND g.object_id = {{row}} AND g.organisation_id = %(organisation)s AND {_MEMBER}
    AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    AND {_OPEN.format("g", _MET.format("g", _ATTRIBUTES.format("g.object_id")))} LIMIT 1)
OR (SELECT true FROM rbac_resource o WHERE o.id = {{row}} AND o.organisation_id = %(organisation)s AND o.is_public
    AND {_MEMBER} AND (%(code)s = 'resource:read' OR o.type_id IN (
        SELECT t.id FROM rbac_resource_type t JOIN rbac_application a ON a.id = t.application_id
        WHERE %(code)s = a.code || '/' || t.code || ':read')) LIMIT 1)
)"""  # noqa: S608 - constants
_DENIED = f"""
SELECT p.descendant_id FROM {_BEARING} JOIN rbac_scope_path p ON p.ancestor_id = b.scope_id
WHERE b.denies AND (b.conditions IS NULL OR {_MET.format("b", _ATTRIBUTES.format("p.descendant_id"))} IS NOT FALSE)
"""  # noqa: S608 - constants
# Of rows without a place of their own: denied is what the chain of their organisation denies.
_DENIED_ORGANISATIONS = f"""
SELECT s.id FROM {_BEARING} JOIN rbac_scope s ON s.id = b.scope_id AND s.kind = 'organisation'
WHERE b.denies AND (b.conditions IS NULL OR {_MET.format("b", "NULL")} IS NOT FALSE)
"""  # noqa: S608 - constants
# The organisations that have the module of a permission switched off.
_OFF = "SELECT s.id FROM rbac_scope s WHERE s.kind = 'organisation' AND rbac_is_off(%(number)s, s.id)"


def visible_to(actor: Actor, code: str, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Fill of the port `kit.decision.visible_to`. Who stands in an organisation sees what it may of that one's rows; of
    what belongs to no organisation, and outside of them, holding the code on the installation shows all but what is
    denied elsewhere."""
    field = scope_field(queryset.model)
    if actor.organisation_id is None or field is None:
        return _everywhere(replace(actor, organisation_id=None), code, queryset, field)
    inside = queryset.filter(**{field: actor.organisation_id})
    if actor.kind == "system":
        return inside if can(actor, code) else queryset.none()
    if not issubclass(queryset.model, NODES):
        if can(actor, code):
            return inside
        return _granted(actor, code, inside)
    return _in_tree(actor, actor.organisation_id, code, inside)


def holds_somewhere(actor: Actor, code: str) -> bool:
    """Fill of the port `kit.decision.holds_somewhere`: by a role on some part, or by a grant. That there is nothing is
    remembered under the stamps; what there is may end at any moment, and is asked for."""
    if can(actor, code):
        return True
    values = _values(actor, code) if actor.kind != "system" else None
    if values is None:
        return False
    standing = actor.organisation_id
    if standing is None and not effective_at(values["person"], Ask(None, None, None)).elsewhere:
        return False
    key = (values["person"], standing, values["number"], stamps_of(values["person"], standing))
    if key in _nowhere:
        return False
    anything = _grants(None)[0] if standing is None else f"SELECT FROM {_LISTED.format('1')}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({anything})", values)
        found = bool(cursor.fetchone()[0])
    if not found and not changed_here():
        if len(_nowhere) >= _LIMIT:
            _nowhere.clear()
        _nowhere.add(key)
    return found


def _everywhere(actor: Actor, code: str, queryset: models.QuerySet[Any], field: str | None) -> models.QuerySet[Any]:
    if not can(actor, code):
        return _granted(actor, code, queryset if field is None else queryset.filter(**{field: None}))
    values = _values(actor, code) if actor.kind != "system" and field is not None else None
    if values is None or not effective_at(values["person"], Ask(None, None, None)).elsewhere:
        return queryset
    if "/" in code:  # What an organisation has switched off; only codes of products belong to modules.
        queryset = queryset.exclude(**{f"{field}__isnull": False, f"{field}__in": _sql(_OFF, values)})
    if issubclass(queryset.model, NODES):
        return queryset.exclude(pk__in=_sql(_DENIED, values))
    return queryset.exclude(**{f"{field}__isnull": False, f"{field}__in": _sql(_DENIED_ORGANISATIONS, values)})


def _granted(actor: Actor, code: str, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows that are granted one by one, of models whose rows can be."""
    if not is_grantable(queryset.model):
        return queryset.none()
    values = _values(actor, code)
    if values is None:
        return queryset.none()
    standing = actor.organisation_id
    held = effective_at(values["person"], Ask(standing, standing, standing))
    if not held.active or is_denied(values["person"], held, values["number"]):
        return queryset.none()
    return queryset.filter(pk__in=_sql(" UNION ALL ".join(_grants(standing)), values))


def allowed_in_tree(
    actor: Actor, organisation: UUID, code: str, nodes: models.QuerySet[Any], here: Situation
) -> models.QuerySet[Any]:
    """As `visible_to` for workspaces or resources of an organisation, in a situation that somebody tells of."""
    return _in_tree(actor, organisation, code, nodes.filter(organisation_id=organisation), here)


def _in_tree(
    actor: Actor, organisation: UUID, code: str, inside: models.QuerySet[Any], here: Situation | None = None
) -> models.QuerySet[Any]:
    values = _values(actor, code, here)
    if values is None:
        return inside.none()
    held = effective_at(values["person"], Ask(organisation, organisation, organisation))
    number: int = values["number"]
    if not held.active or (held.denied | held.off) >> number & 1:
        return inside.none()
    shape = _shape_of(organisation, values)
    if not held.roles >> number & 1:
        inside = inside.filter(OnRow(_WALKED if shape.large else _GATHERED, values))
    if shape.denied:
        inside = inside.exclude(pk__in=_sql(_DENIED, values))
    return inside


def _grants(organisation: UUID | None) -> list[str]:
    """The parts of the UNION for single rights: in an organisation they are those of its active members."""
    if organisation is None:
        return [_BY_GRANT.format(own="g.organisation_id IS NULL")]
    return [_BY_GRANT.format(own=f"g.organisation_id = %(organisation)s AND {_MEMBER}"), _BY_TEAM_GRANT]


def _values(actor: Actor, code: str, here: Situation | None = None) -> dict[str, Any] | None:
    """What the parts ask with; None when nobody can hold the code, or not through this key."""
    if actor.id is None or (actor.scopes is not None and code not in actor.scopes):
        return None
    number = number_of(code)
    if number is None:
        return None
    here = here or situation(actor.id)
    return {
        "person": actor.id,
        "organisation": actor.organisation_id,
        "number": number,
        "code": code,
        "now": here.now,
        "address": here.address,
        "factor": here.second_factor_at,
        "context": orjson.dumps(dict(here.context)).decode() if here.context else None,
        "bounded": bounded_here(),
    }


def _shape_of(organisation: UUID, values: dict[str, Any]) -> Shape:
    key = (values["person"], organisation, values["number"], stamps_of(values["person"], organisation))
    found = _shapes.get(key)
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(_SHAPE, values)
            found = Shape(*cursor.fetchone())
        if not changed_here():
            if len(_shapes) >= _LIMIT:
                _shapes.clear()
            _shapes[key] = found
    return found


class OnRow(Expression):
    """A condition on the key of a row, written as a part with named values and `{row}`."""

    conditional = True

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        super().__init__(output_field=models.BooleanField())
        self.text = text
        self.values = values
        self.row: Any = F("pk")

    def get_source_expressions(self) -> list[Any]:
        """The key of the row, which another query may call by another name."""
        return [self.row]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        """As Django asks when it resolves them."""
        (self.row,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """The parts with the values in their places."""
        row, _none = compiler.compile(self.row)
        text = self.text.replace("{row}", row)
        names = _NAMED.findall(text)
        return _NAMED.sub("%s", text), tuple(self.values[name] for name in names)


def _sql(text: str, values: dict[str, Any]) -> RawSQL:
    """A part with named values, as the ORM takes it."""
    names = _NAMED.findall(text)
    return RawSQL(_NAMED.sub("%s", text), [values[name] for name in names])  # noqa: S611 - constants, values apart


def forget_shapes() -> None:
    """Drop what this process remembers; see `rbac.decision.forget_everything`."""
    _shapes.clear()
    _nowhere.clear()


also_forget(forget_shapes)
