"""Reads about one person: roles with their reasons, sessions; and whom an inactive person turns to."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Membership, Session, User
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.settings import CONTACT
from rbac import selectors as rbac
from rbac.counting import counting
from rbac.models import INSTALLATION, Binding

SESSIONS = 50  # More live sessions of one person are not read one by one.
UNSET = "your administrator"  # The default of STEWARD_ADMIN_CONTACT: nobody in particular.
NOWHERE = ".invalid"  # Addresses that were made up at the first start; mail to them goes nowhere.


@dataclass(frozen=True)
class Held:
    """A role that a person holds on the installation, and who gave it (empty: the system, or somebody unknown)."""

    binding: Binding
    giver: str


def roles_held(actor: Actor, user: User) -> list[Held]:
    """The installation roles of a person with reason, expiry and giver, highest first; two queries. Needs `user:read`."""
    rows = Binding.objects.visible_to(actor, "user:read").filter(counting(), user=user, scope_id=INSTALLATION)
    found = list(rows.select_related("role").order_by("-role__rank", "id"))
    givers = labels_of({row.granted_by for row in found if row.granted_by is not None})
    return [Held(row, givers.get(row.granted_by, "") if row.granted_by else "") for row in found]


@dataclass(frozen=True)
class Belonging:
    """A person in an organisation; `role` is its label there, empty for none."""

    membership: Membership
    role: str


def organisations_of(actor: Actor, user: User) -> list[Belonging]:
    """The organisations of a person that `actor` may see (`organisation:read`), by name; two queries."""
    rows = Membership.objects.visible_to(actor, "organisation:read").filter(user=user)
    found = list(rows.select_related("organisation").order_by("organisation__name", "id"))
    roles = rbac.roles_by_scope(user.pk, [row.organisation_id for row in found]) if found else {}
    return [Belonging(row, role.label if (role := roles.get(row.organisation_id)) else "") for row in found]


def sessions_of(actor: Actor, user: User) -> list[Session]:
    """The live sessions of a person, the one seen last first. Needs `user:admin`."""
    rows = Session.objects.visible_to(actor, "user:admin").filter(user=user, expires_at__gt=clock.now())
    return list(rows.select_related("impersonator").order_by("-seen_at", "id")[:SESSIONS])


def view_of(session_id: UUID) -> Session | None:
    """The view of somebody else's console that a session is; None for one's own. For the banner of who is in it."""
    return Session.objects.filter(pk=session_id).exclude(impersonator=None).first()


def administrator_contact() -> str:
    """Whom somebody who is locked out turns to: the setting, else the root administrator's address where it is a real one."""
    contact = CONTACT.value()
    if contact != UNSET:
        return contact
    address = User.objects.filter(is_root=True, is_active=True).values_list("email", flat=True).first() or ""
    return UNSET if not address or address.endswith(NOWHERE) else address


def labels_of(people: set[UUID]) -> dict[UUID, str]:
    """The names of people by their ids, for those who did something; one query."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=people)} if people else {}
