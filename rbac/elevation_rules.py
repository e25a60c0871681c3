"""What may be asked for a while, by whom, and for how long."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from portal.kit import context, errors
from portal.kit.context import Actor
from rbac import access_selectors
from rbac.counting import is_bounded
from rbac.govern_errors import InPerson
from rbac.models import INSTALLATION, Role, Scope
from rbac.selectors import OWNER
from rbac.settings import ELEVATION_MOST, ELEVATION_WAIT
from rbac.tree_rules import INVISIBLE

TEXT_LIMIT = 300
STEPS = (15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320)  # Minutes that forms offer, up to the longest.


def seen_by(scope_id: UUID | None) -> str:
    """The right of whom may ask on a scope: everybody who belongs there."""
    return "dashboard:read" if scope_id in {None, INSTALLATION} else "organisation:read"


def decided_by(scope_id: UUID | None) -> str:
    """The right of whom may decide on a scope."""
    return "role:admin" if scope_id in {None, INSTALLATION} else "role:assign"


def longest() -> timedelta:
    """For how long somebody can have a role at most."""
    return ELEVATION_MOST.value()


def waits() -> timedelta:
    """How long a request waits for an answer."""
    return ELEVATION_WAIT.value()


def steps() -> list[int]:
    """The times that a form offers, in minutes; the longest one is always among them."""
    most = longest() // timedelta(minutes=1)
    return [*(step for step in STEPS if step < most), most]


def role_for_a_while(role: Role) -> bool:
    """Whether a role can be held for a while: not ownership, the highest role of the installation or the developer's."""
    return not is_bounded(role) and (role.catalogue, role.code) not in {
        ("organisation", OWNER),
        ("platform", "super_admin"),
    }


def in_person(actor: Actor) -> UUID:
    """The acting person; `InPerson` for keys, service accounts, jobs and views of somebody else's console."""
    current = context.current()
    if actor.kind != "person" or actor.id is None or (current is not None and current.through is not None):
        raise InPerson
    people = get_user_model()._default_manager.filter(pk=actor.id, is_active=True)
    if not people.filter(kind="person").exists():
        raise InPerson
    return actor.id


def cleaned_text(text: str, name: str, *, needed: bool = False) -> str:
    """A reason or an answer in one line; `Invalid` with the field `name`."""
    clean = text.strip()
    if (needed and not clean) or len(clean) > TEXT_LIMIT or INVISIBLE.search(clean):
        raise errors.Invalid(fields={name: [_("Say why, in 1 to 300 characters and one line.")]})
    return clean


def place_of(scope: Scope) -> str:
    """What a scope stands for, in words that stay when it is gone; empty for the installation."""
    return "" if scope.pk == INSTALLATION else str(access_selectors.object_of(scope))[:200]
