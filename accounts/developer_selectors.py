"""Reads about the developer role: whether it counts here, until when, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import DeveloperWindow, User
from accounts.session_warnings import SessionWarning
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from rbac import selectors as rbac
from rbac.counting import BOUNDED, bounded_here, counting
from rbac.decision import known_at_epoch
from rbac.models import INSTALLATION, Binding

RIGHT = "role:admin"
FORMER = 10  # Times shown of those that are over.


@dataclass(frozen=True)
class Allowed:
    """For how long the developer role counts in production; None: as long as a setting says so."""

    ends_at: datetime | None
    window: DeveloperWindow | None = None


def allowed_now() -> Allowed | None:
    """Whether the developer role counts in production now; None when it does not, and outside of production.

    Kept by the process by the stamp of the installation, since every page asks.
    """
    if not settings.PRODUCTION:
        return None
    if not bounded_here():
        return Allowed(None)
    window = known_at_epoch("developer_window", lambda: DeveloperWindow.objects.filter(ended_at=None).first())
    return Allowed(window.ends_at, window) if window is not None and window.ends_at > clock.now() else None


@dataclass(frozen=True)
class Holder:
    """Somebody who holds the developer role now."""

    user: User
    binding: Binding


def holders(actor: Actor) -> list[Holder]:
    """Who holds the developer role now, with the end. Needs `role:admin`; one query."""
    authorise(actor, RIGHT)
    catalogue, code = BOUNDED
    rows = Binding.objects.visible_to(actor, RIGHT).filter(counting(), scope_id=INSTALLATION)
    found = rows.filter(role__catalogue=catalogue, role__code=code).select_related("user").order_by("user__name", "id")
    return [Holder(row.user, row) for row in found if row.user is not None]


def former(actor: Actor) -> Sequence[DeveloperWindow]:
    """The times for which the role was allowed, the newest first. Needs `role:admin`."""
    return list(DeveloperWindow.objects.visible_to(actor, RIGHT).order_by("-id")[:FORMER])


def developer_warning(actor: Actor) -> SessionWarning | None:
    """What a client should warn the acting person of: in production, that the developer role is allowed.

    To administrators and to who holds it.
    """
    allowed = allowed_now()
    if allowed is None or actor.id is None or not concerns(actor):
        return None
    text = _("The developer role is allowed in production.")
    return SessionWarning("developer_role_allowed", text, allowed.ends_at)


def concerns(actor: Actor) -> bool:
    """Whether the warning about the role is for this person: administrators, and who holds the role."""
    here = Actor(actor.kind, actor.id, actor.label)
    return can(here, "user:admin").allowed


def marked_label() -> str:
    """The label of the role whose holders lists mark with a warning: in production, the developer's; else empty."""
    if not settings.PRODUCTION:
        return ""
    return next((role.label for role in rbac.platform_roles() if (role.catalogue, role.code) == BOUNDED), "")
