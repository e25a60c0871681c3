"""Reads of dashboards: one's own where one stands, and those shared there with everybody or with one's roles."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.home.models import Dashboard, DashboardVersion, HomeChoice
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import can
from rbac.access_selectors import roles_of_organisation
from rbac.models import INSTALLATION, Role
from rbac.selectors import platform_roles, roles_of


@dataclass(frozen=True)
class Home:
    """What a person begins with: a dashboard, or None for that of its role; whether the first steps were put away."""

    dashboard: Dashboard | None = None
    steps_away: bool = False


def own(actor: Actor) -> QuerySet[Dashboard]:
    """The dashboards that `actor` made where it stands."""
    return _here(actor).filter(owner_id=actor.id) if actor.id is not None else Dashboard.objects.none()


def dashboards(actor: Actor) -> QuerySet[Dashboard]:
    """The dashboards that `actor` sees where it stands, newest first."""
    if actor.id is None or not can(actor, "dashboard:read"):
        return Dashboard.objects.none()
    held = [role.pk for role in roles_of(actor.id, actor.organisation_id or INSTALLATION)]
    shared = Q(sharing=Dashboard.Sharing.EVERYBODY) | Q(sharing=Dashboard.Sharing.ROLES, role_ids__overlap=held)
    return _here(actor).filter(Q(owner_id=actor.id) | shared).select_related("owner").order_by("-id")


def dashboard(actor: Actor, dashboard_id: UUID) -> Dashboard:
    """One of them; `NotFound` otherwise."""
    found = dashboards(actor).filter(pk=dashboard_id).first()
    if found is None:
        raise errors.NotFound
    return found


def home_of(actor: Actor) -> Home:
    """What `actor` begins with where it stands; a dashboard that is no longer shared with it counts as none."""
    if actor.id is None:
        return Home()
    chosen = HomeChoice.objects.filter(Q(organisation_id=actor.organisation_id), person_id=actor.id).first()
    if chosen is None:
        return Home()
    row = dashboards(actor).filter(pk=chosen.dashboard_id).first() if chosen.dashboard_id else None
    return Home(row, chosen.steps_away_at is not None)


def versions(row: Dashboard) -> list[DashboardVersion]:
    """What a dashboard that was found was before, newest first."""
    return list(row.versions.order_by("-number"))


def roles(actor: Actor) -> list[Role]:
    """The roles with which a dashboard can be shared where `actor` stands, highest first; for who may share."""
    if not can(actor, "dashboard:share"):
        return []
    if actor.organisation_id is None:
        return platform_roles()
    return list(roles_of_organisation(actor.organisation_id).filter(application=None).order_by("-rank", "label", "pk"))


def _here(actor: Actor) -> QuerySet[Dashboard]:
    # The wall shows staff every organisation's rows; a dashboard is of one place.
    return Dashboard.objects.filter(Q(organisation_id=actor.organisation_id))
