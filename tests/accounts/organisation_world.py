"""Two organisations with their people: an owner, an administrator, an editor and a viewer each; and a stranger's one."""

from dataclasses import dataclass, replace
from itertools import count
from uuid import UUID

from accounts.models import Membership, Organisation, User
from accounts.services.memberships import membership_put, roles_by_code
from accounts.services.organisations import organisation_create
from audit.models import Event
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.models import OutboundMessage
from rbac.models import Binding
from tests.factories import actor_of, person

_numbers = count(1)
ROLES = ("owner", "admin", "editor", "viewer")


@dataclass(frozen=True)
class House:
    """An organisation and its people by role."""

    organisation: Organisation
    owner: User
    admin: User
    editor: User
    viewer: User

    @property
    def id(self) -> UUID:
        """The organisation's id."""
        return self.organisation.pk

    def inside(self, user: User) -> Actor:
        """The person, standing in this organisation."""
        return replace(actor_of(user), organisation_id=self.id)

    def membership(self, user: User) -> Membership:
        """The person's membership here, as it is now."""
        return Membership.objects.select_related("user", "organisation").get(organisation=self.organisation, user=user)

    def url(self, rest: str = "") -> str:
        """The address of a page of the organisation."""
        return f"/o/{self.organisation.slug}/{rest}"


def organisation(name: str = "Acme") -> Organisation:
    """An organisation without anybody."""
    with context.system("a test") as current:
        return organisation_create(actor=current.actor, name=name, slug=f"{name.lower()}-{next(_numbers)}")


def make_house(name: str = "Acme") -> House:
    """An organisation with one person in each role."""
    made = organisation(name)
    return House(made, **{code: join(made, code) for code in ROLES})


def join(organisation: Organisation, code: str, user: User | None = None) -> User:
    """A person, new unless given, as a member with a role."""
    who = user or person(f"{code.capitalize()} {next(_numbers)}")
    with context.system("a test"):
        membership_put(organisation_id=organisation.pk, user=who, role=roles_by_code()[code], granted_by=None)
    return who


def role_of(user: User, organisation: Organisation) -> list[str]:
    """The codes of the roles that a person holds in an organisation, resting ones included."""
    rows = Binding.objects.filter(user=user, scope_id=organisation.pk)
    return sorted(rows.values_list("role__code", flat=True))


@dataclass(frozen=True)
class Traces:
    """How much there is of all that a refusal must not leave behind."""

    events: int
    mails: int
    bindings: tuple[tuple[str, str, bool], ...]
    memberships: tuple[tuple[str, str], ...]


def traces() -> Traces:
    """Everything countable, denials and the sign-ins of the test itself aside."""
    return Traces(
        Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.started"]).count(),
        OutboundMessage.objects.count(),
        tuple(
            (str(user), role, rests)
            for user, role, rests in Binding.objects.order_by("id").values_list("user_id", "role__code", "is_suspended")
        ),
        tuple((str(key), state) for key, state in Membership.objects.order_by("id").values_list("id", "state")),
    )


def codes_of(target_id: UUID) -> list[str]:
    """The events about an object, oldest first."""
    return list(Event.objects.filter(target_id=target_id).order_by("id").values_list("code", flat=True))
