"""Reads about organisations, their members and invitations.

Who stands in an organisation reads it by the right it holds there; staff reads any by `organisation:read`, which the
installation gives. A person's own memberships come before any organisation is known, by a function of the owner.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.models import Invitation, Membership, Organisation, User
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor, Order, Page, keyset
from rbac import selectors as rbac
from rbac.models import Role


def organisations(actor: Actor) -> QuerySet[Organisation]:
    """The organisations that `actor` may see (`organisation:read`): all as staff, else the one it stands in."""
    return Organisation.objects.visible_to(actor, "organisation:read")


def organisation(actor: Actor, organisation_id: UUID, code: str = "organisation:read") -> Organisation:
    """One organisation on which `actor` holds `code`; `NotFound` otherwise."""
    found = Organisation.objects.visible_to(actor, code).filter(pk=organisation_id).first()
    if found is None:
        raise NotFound
    return found


def here(actor: Actor, code: str) -> Organisation:
    """The organisation that `actor` stands in and holds `code` on; `NotFound` outside of any."""
    if actor.organisation_id is None:
        raise NotFound
    return organisation(actor, actor.organisation_id, code)


def closing_costs(actor: Actor, organisation_id: UUID) -> tuple[int, int]:
    """What closing an organisation takes away: how many members lose it, how many open invitations die; two queries."""
    invitations_open = Invitation.objects.visible_to(actor, _seen_by(actor, "organisation:read"))
    waiting = invitations_open.filter(organisation_id=organisation_id, accepted_at=None, revoked_at=None)
    shown = Membership.objects.visible_to(actor, _seen_by(actor, "organisation:read"))
    return shown.filter(organisation_id=organisation_id).count(), waiting.filter(expires_at__gt=clock.now()).count()


def _seen_by(actor: Actor, inside: str) -> str:
    """The right that shows rows of an organisation: the one held there, or that of staff from outside."""
    return "organisation:read" if actor.organisation_id is None else inside


def members(actor: Actor, organisation_id: UUID) -> QuerySet[Membership]:
    """The memberships of an organisation that `actor` may see (`member:read` there)."""
    rows = Membership.objects.visible_to(actor, _seen_by(actor, "member:read"))
    return _people(rows.filter(organisation_id=organisation_id).select_related("user", "organisation"))


def _people(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """Service accounts belong to it as well, and have a page of their own."""
    return rows.filter(user__kind=User.Kind.PERSON)


def members_here(actor: Actor) -> QuerySet[Membership]:
    """The members of the organisation that `actor` stands in; outside of any there are none to list."""
    rows = _people(Membership.objects.visible_to(actor, "member:read").select_related("user", "organisation"))
    return rows if actor.organisation_id is not None else rows.none()


def members_page(actor: Actor, organisation_id: UUID, cursor: Cursor | None = None) -> Page[Membership]:
    """One page of the members, who joined first at the top."""
    return keyset(members(actor, organisation_id), cursor, by=Order(("joined_at",), descending=False))


def member(actor: Actor, organisation_id: UUID, membership_id: UUID) -> Membership:
    """One membership of an organisation; `NotFound` for that of another."""
    found = members(actor, organisation_id).filter(pk=membership_id).first()
    if found is None:
        raise NotFound
    return found


def member_counts(actor: Actor, organisation_ids: list[UUID]) -> dict[UUID, int]:
    """How many members each of the organisations has; one query."""
    rows = Membership.objects.visible_to(actor, _seen_by(actor, "member:read"))
    counted = _people(rows).filter(organisation_id__in=organisation_ids).values_list("organisation_id")
    return dict(counted.annotate(n=Count("pk")))


def invitations(actor: Actor, organisation_id: UUID) -> QuerySet[Invitation]:
    """The invitations of an organisation that `actor` may see (`member:create` there), the newest first."""
    rows = Invitation.objects.visible_to(actor, _seen_by(actor, "member:create"))
    return rows.filter(organisation_id=organisation_id).select_related("role", "invited_by")


def invitations_open(actor: Actor, organisation_id: UUID) -> QuerySet[Invitation]:
    """Those that nobody answered, expired ones included."""
    return invitations(actor, organisation_id).filter(Q(accepted_at=None) & Q(revoked_at=None))


def invitation(actor: Actor, organisation_id: UUID, invitation_id: UUID) -> Invitation:
    """One invitation of an organisation; `NotFound` for that of another."""
    found = invitations(actor, organisation_id).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound
    return found


def user_by_address(actor: Actor, text: str) -> User | None:
    """The active person whose user name or address is exactly `text`, for staff that adds a member or names an owner
    (`user:read`); None for none."""
    rows = User.objects.visible_to(actor, "user:read").filter(is_active=True)
    return rows.filter(Q(username=text.strip().lower()) | Q(email__iexact=text.strip())).first()


@dataclass(frozen=True)
class OwnMembership:
    """A membership as its person sees it; `role` is its label there, empty for none."""

    id: UUID
    organisation_id: UUID
    slug: str
    name: str
    state: str
    membership_state: str
    joined_at: datetime
    role: str


def own_memberships(person_id: UUID) -> list[OwnMembership]:
    """The organisations that a person belongs to, closed ones left out, by name; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation_id, slug, name, state, membership_state, joined_at FROM accounts_memberships_of(%s)",
            [person_id],
        )
        rows = cursor.fetchall()
    roles: dict[UUID, Role] = rbac.roles_by_scope(person_id, [row[1] for row in rows]) if rows else {}
    labels = {scope_id: role.label for scope_id, role in roles.items()}
    return [OwnMembership(*(*row, labels.get(row[1], ""))) for row in rows]


@dataclass(frozen=True)
class OwnInvitation:
    """An open invitation to the own address."""

    id: UUID
    organisation_id: UUID
    name: str
    role: str
    expires_at: datetime


def own_invitations(person_id: UUID) -> list[OwnInvitation]:
    """The open invitations to a person's address; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation_id, name, role_label, expires_at FROM accounts_invitations_of(%s, %s)",
            [person_id, clock.now()],
        )
        return [OwnInvitation(*row) for row in cursor.fetchall()]
