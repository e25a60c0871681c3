"""What one may hand on: nobody gives what they lack, for longer than they have it, or above their own rank.

Measured are rights that are held on the place itself or above it, without conditions, at least as long as what is to be
given, and denied neither there nor anywhere below: whoever is given them there must not get anything that the giver has
nowhere. Rights on single objects are not handed on. Owners cannot be denied on the whole and are not held back by what
is denied on a part: somebody has to be able to lift it. Read from the database each time, never from a cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.errors import NotFound
from rbac.counting import counting_sql
from rbac.errors import CannotDelegate, RoleElsewhere
from rbac.models import INSTALLATION, Permission, Role, Scope

# Who holds every right of the host products for handing on, in the organisation: the products know their own people, and
# the first of them has to get their role from somebody.
OVER_PRODUCTS = "member:admin"

_TEAMS = (
    "SELECT p.ancestor_id FROM rbac_team_member m JOIN rbac_team_path p ON p.descendant_id = m.team_id "
    "WHERE m.user_id = %(person)s AND m.organisation_id = %(organisation)s"
)
_MEASURE = """
WITH RECURSIVE place AS (
    SELECT %(root)s::uuid AS id, false AS below
    UNION ALL SELECT ancestor_id, false FROM rbac_scope_path WHERE descendant_id = %(scope)s
    UNION ALL SELECT descendant_id, true FROM rbac_scope_path WHERE ancestor_id = %(scope)s AND depth > 0
), bound AS (
    SELECT b.role_id, b.effect, b.scope_id, place.below,
        b.conditions IS NULL AND (b.expires_at IS NULL OR b.expires_at >= %(until)s) AS lasts
    FROM rbac_binding b JOIN place ON place.id = b.scope_id
    WHERE (b.user_id = %(person)s OR b.team_id IN ({teams}) OR (b.everyone AND EXISTS (
            SELECT FROM accounts_membership m WHERE m.user_id = %(person)s AND m.organisation_id = %(organisation)s
                AND m.state = 'active')))
        AND NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s) {counting}
), reached AS (
    SELECT role_id, effect, below, lasts FROM bound
    UNION SELECT r.inherits_id, h.effect, h.below, h.lasts FROM reached h JOIN rbac_role r ON r.id = h.role_id
    WHERE r.inherits_id IS NOT NULL
)
SELECT rp.permission_id, bool_or(h.effect = 'allow' AND rp.effect = 'allow' AND h.lasts AND NOT h.below),
    bool_or(h.effect = 'deny' OR rp.effect = 'deny'), NULL::int, NULL::int, false
FROM reached h JOIN rbac_role_permission rp ON rp.role_id = h.role_id GROUP BY rp.permission_id
UNION ALL
SELECT NULL, NULL, NULL, max(r.rank), max(r.rank) FILTER (WHERE b.lasts),
    coalesce(bool_or(b.lasts AND r.catalogue = 'organisation' AND r.code = 'owner'), false)
FROM bound b JOIN rbac_role r ON r.id = b.role_id
WHERE b.effect = 'allow' AND NOT b.below AND (b.scope_id <> %(root)s OR %(scope)s = %(root)s)
"""
_CONTENT = """
WITH RECURSIVE reached AS (
    SELECT id, inherits_id FROM rbac_role WHERE id = %s
    UNION SELECT r.id, r.inherits_id FROM reached h JOIN rbac_role r ON r.id = h.inherits_id
)
SELECT rp.permission_id, rp.effect FROM reached h JOIN rbac_role_permission rp ON rp.role_id = h.id
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What a role says with all that it inherits, as bits."""

    allow: int = 0
    deny: int = 0

    def __or__(self, other: Content) -> Content:
        return Content(self.allow | other.allow, self.deny | other.deny)

    @property
    def all(self) -> int:
        """Every right that it says anything of."""
        return self.allow | self.deny


@dataclass(frozen=True, slots=True)
class Measure:
    """What somebody may hand on at a place: rights as bits, the highest rank held now, and the highest that lasts."""

    bits: int
    rank: int
    lasting_rank: int


def content_of(role: Role | None) -> Content:
    """What a role says, inherited parts included; nothing for none. One query."""
    if role is None:
        return Content()
    allow = deny = 0
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [role.pk])
        for number, effect in cursor.fetchall():
            if effect == "allow":
                allow |= 1 << number
            else:
                deny |= 1 << number
    return Content(allow, deny)


def bits_of(codes: Iterable[str]) -> int:
    """The rights of these codes as bits; codes that are not known yet have none."""
    bits = 0
    for number in Permission.objects.filter(code__in=list(codes)).values_list("number", flat=True):
        bits |= 1 << number
    return bits


def measure(actor: Actor, scope: Scope, until: datetime | None = None) -> Measure | None:
    """What `actor` may hand on at `scope` until then (None: for good). None for whom nothing limits: the system, and
    staff in an organisation from outside, where the roles it gives mean nothing to itself. Two or three queries."""
    if actor.kind == "system" or (scope.pk != INSTALLATION and actor.organisation_id is None):
        return None
    if actor.id is None:
        return Measure(0, 0, 0)
    values = {
        "person": actor.id,
        "organisation": scope.organisation_id,
        "root": INSTALLATION,
        "scope": scope.pk,
        "until": until or datetime.max.replace(tzinfo=clock.now().tzinfo),
        "now": clock.now(),
    }
    allow = deny = rank = lasting = 0
    owns = False
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE.format(teams=_TEAMS, counting=counting_sql()), values)
        for number, allows, denies, highest, lasts, owner in cursor.fetchall():
            if number is None:
                rank, lasting, owns = highest or 0, lasts or 0, owner
                continue
            allow |= (1 << number) if allows else 0
            deny |= (1 << number) if denies else 0
    if owns:
        deny = 0
    if scope.pk != INSTALLATION and allow & ~deny & bits_of([OVER_PRODUCTS]):
        for number in Permission.objects.exclude(application=None).values_list("number", flat=True):
            allow |= 1 << number
    held = allow & ~deny
    if actor.scopes is not None:
        held &= bits_of(actor.scopes)
    return Measure(held, rank, lasting)


def authorise_in(actor: Actor, code: str, scope: Scope) -> None:
    """Raise unless `actor` may do `code` on a scope: on the installation by the right there; in an organisation by the
    right in all of it or on that part; from outside, as staff, by `organisation:admin`. Another organisation than the
    one it stands in is `NotFound`."""
    if scope.pk == INSTALLATION:
        authorise(actor, code)
    elif actor.organisation_id is None:
        authorise(actor, "organisation:admin")
    elif actor.organisation_id != scope.organisation_id:
        raise NotFound
    elif not can(actor, code):
        # Whoever manages the whole organisation is not locked out of a part of it by being denied there.
        from rbac.access_selectors import object_of

        authorise(actor, code, object_of(scope))


def fits(role: Role, scope: Scope) -> bool:
    """Whether a role can be held on a scope: those of the installation there, in an organisation its own, the
    ready-made ones of organisations and those of host products."""
    if scope.pk == INSTALLATION:
        return role.catalogue == "platform"
    if role.catalogue == Role.CUSTOM:
        return role.organisation_id == scope.organisation_id
    return role.catalogue == "organisation" or role.application_id is not None


def check_delegable(limits: Measure | None, content: Content, rank: int) -> None:
    """Raise `CannotDelegate` unless what a role says and its rank stay within the limits."""
    if limits is not None and (rank > limits.lasting_rank or content.all & ~limits.bits):
        raise CannotDelegate


def check_role(actor: Actor, role: Role, scope: Scope, until: datetime | None = None) -> None:
    """Raise `RoleElsewhere` or `CannotDelegate` unless `actor` may give and take `role` on `scope` until then."""
    if not fits(role, scope):
        raise RoleElsewhere
    check_delegable(measure(actor, scope, until), content_of(role), role.rank)


def top_rank(people: Iterable[UUID], organisation_id: UUID) -> int:
    """The highest rank that any of the people has in an organisation, by roles of their own or of their teams; resting
    ones count: whoever is suspended keeps the rank that the others have to respect. 0 for none."""
    wanted = list(people)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(r.rank), 0) FROM rbac_binding b JOIN rbac_role r ON r.id = b.role_id "
            "WHERE b.scope_id = %s AND b.effect = 'allow' AND (b.expires_at IS NULL OR b.expires_at > %s) "
            "AND (b.user_id = ANY(%s) OR b.team_id IN (SELECT p.ancestor_id FROM rbac_team_member m "
            "JOIN rbac_team_path p ON p.descendant_id = m.team_id "
            "WHERE m.user_id = ANY(%s) AND m.organisation_id = %s))",
            [organisation_id, clock.now(), wanted, wanted, organisation_id],
        )
        return int(cursor.fetchone()[0])
