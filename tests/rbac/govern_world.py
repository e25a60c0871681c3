"""What tests of elevations, broken glass and separated duties share."""

from typing import Any
from uuid import UUID

from accounts.models import User
from portal.kit import context
from rbac.elevated import elevated_now
from rbac.models import INSTALLATION, DutyRule, Elevation, GlassBreak, Role, Scope
from rbac.services import duties, elevations, glass
from rbac.services.duties import DutyDraft
from tests.accounts.organisation_world import House
from tests.factories import actor_of
from tests.rbac.roles_world import ready, scope_of

REASON = "The crane stands still"
EDITS, ASSIGNS = ("role:create", "role:update", "role:delete"), ("role:assign",)


def ask(
    house: House, user: User, role: Role | None = None, *, minutes: int = 60, scope: Scope | None = None
) -> Elevation:
    """A request of a member, for the role of an administrator unless another is named."""
    with context.acting(house.inside(user)) as current:
        return elevations.elevation_ask(
            actor=current.actor,
            role=role or ready("admin"),
            scope=scope or scope_of(house),
            minutes=minutes,
            reason=REASON,
        )


def approve(house: House, user: User, row: Elevation, words: str = "") -> Elevation:
    """Yes."""
    with context.acting(house.inside(user)) as current:
        return elevations.elevation_approve(actor=current.actor, elevation=row, words=words)


def act(house: House, user: User, verb: str, row: Elevation, **more: Any) -> Elevation:
    """Any of the other acts upon a request."""
    with context.acting(house.inside(user)) as current:
        found: Elevation = getattr(elevations, f"elevation_{verb}")(actor=current.actor, elevation=row, **more)
    return found


def ask_platform(user: User, code: str = "manager") -> Elevation:
    """A request of somebody of the staff for a role of the installation."""
    with context.acting(actor_of(user)) as current:
        return elevations.elevation_ask(
            actor=current.actor,
            role=ready(code, "platform"),
            scope=Scope.objects.get(pk=INSTALLATION),
            minutes=30,
            reason=REASON,
        )


def tidy() -> None:
    """What the job does."""
    with context.system("a test") as current:
        elevations.elevations_tidy(actor=current.actor)
        glass.glass_tidy(actor=current.actor)


def rule_of(
    organisation_id: UUID | None,
    one: tuple[str, ...] = EDITS,
    other: tuple[str, ...] = ASSIGNS,
    *,
    name: str = "Apart",
    **more: Any,
) -> DutyRule:
    """A rule, made by the system."""
    with context.system("a test") as current:
        return duties.duty_rule_create(
            actor=current.actor,
            organisation_id=organisation_id,
            draft=DutyDraft(name=name, one_codes=one, other_codes=other, **more),
        )


def broken(user: User, house: House, reason: str = "Nobody can sign in there") -> GlassBreak:
    """The glass, broken by somebody who may."""
    with context.acting(actor_of(user)) as current:
        return glass.glass_break(actor=current.actor, organisation=house.organisation, reason=reason)


def banners_of(house: House, user: User) -> list[str]:
    """The roles that pages say one has for a while."""
    with context.acting(house.inside(user)) as current:
        return [one.role for one in elevated_now(current.actor)]
