"""Reads about one's own data: the copy one asked for, what one agreed to, and what leaving would mean."""

from dataclasses import dataclass
from uuid import UUID

from accounts import organisation_selectors
from accounts.errors import OwnExportGone
from accounts.models import Consent, OwnExport, Session
from accounts.organisation_selectors import OwnMembership
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import Unauthenticated
from rbac import selectors as rbac


def _own(actor: Actor) -> UUID:
    if actor.kind != "person" or actor.id is None:
        raise Unauthenticated
    return actor.id


def own_export_latest(actor: Actor) -> OwnExport | None:
    """The copy that `actor` asked for last, unless it has expired."""
    return OwnExport.objects.filter(user_id=_own(actor), expires_at__gt=clock.now()).order_by("-pk").first()


def own_export(actor: Actor, export_id: UUID) -> OwnExport:
    """One's own copy; `OwnExportGone` for an expired one and for anybody else's, which is told like none."""
    rows = OwnExport.objects.select_related("user").filter(user_id=_own(actor), expires_at__gt=clock.now())
    found = rows.filter(pk=export_id).first()
    if found is None:
        raise OwnExportGone
    return found


def own_consents(actor: Actor) -> list[Consent]:
    """What `actor` agreed to, the newest first."""
    return list(Consent.objects.filter(user_id=_own(actor)).order_by("-given_at", "-pk"))


@dataclass(frozen=True)
class Leaving:
    """What deleting the account would take away, and what stands in its way.

    `keeps` are the organisations that would be without an active owner; `last_administrator`: nobody else could look
    after the installation.
    """

    organisations: list[OwnMembership]
    keeps: list[OwnMembership]
    roles: list[str]
    sessions: int
    last_administrator: bool
    is_root: bool

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way."""
        return not (self.keeps or self.last_administrator or self.is_root)


def leaving(actor: Actor, *, is_root: bool) -> Leaving:
    """What deleting the account of `actor` would mean; six queries."""
    person = _own(actor)
    memberships = organisation_selectors.own_memberships(person)
    alone = rbac.sole_owner_scopes(person)
    return Leaving(
        organisations=memberships,
        keeps=[row for row in memberships if row.organisation_id in alone],
        roles=[role.label for role in rbac.roles_of(person)],
        sessions=Session.objects.filter(user_id=person, expires_at__gt=clock.now()).count(),
        last_administrator=rbac.holders_of("super_admin") == [person],
        is_root=is_root,
    )
