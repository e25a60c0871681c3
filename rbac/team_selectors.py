"""Reads about teams and who is in them. Whoever sees the members of an organisation sees its teams."""

from collections.abc import Sequence
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor, Page, keyset
from rbac.models import Binding, Team, TeamMember, TeamPath

CHOICES = 500  # Members or teams that a form offers; beyond it the API names them.


def teams(actor: Actor) -> QuerySet[Team]:
    """The teams of the organisation that `actor` stands in (`member:read`); outside of any there are none to list."""
    rows = Team.objects.visible_to(actor, "member:read").select_related("parent", "organisation")
    return rows if actor.organisation_id is not None else rows.none()


def team(actor: Actor, team_id: UUID) -> Team:
    """One of them; `NotFound` for that of another organisation."""
    found = teams(actor).filter(pk=team_id).first()
    if found is None:
        raise NotFound
    return found


def teams_inside(actor: Actor, row: Team) -> list[Team]:
    """The teams directly inside a team, by name."""
    return list(teams(actor).filter(parent=row).order_by("name", "id")[:CHOICES])


def teams_around(actor: Actor, row: Team) -> list[Team]:
    """The teams around a team, the outermost first."""
    if row.parent_id is None:
        return []
    steps = dict(TeamPath.objects.filter(descendant=row, depth__gt=0).values_list("ancestor_id", "depth"))
    return sorted(teams(actor).filter(pk__in=steps), key=lambda one: -steps[one.pk])


def places_for(actor: Actor, row: Team | None) -> list[Team]:
    """The teams that a team (None: a new one) could be put into: all but itself and those inside it, by name."""
    rows = teams(actor).order_by("name", "id")
    if row is not None:
        rows = rows.exclude(pk__in=TeamPath.objects.filter(ancestor=row).values("descendant_id"))
    return list(rows[:CHOICES])


def member_counts(actor: Actor, rows: Sequence[Team]) -> dict[UUID, int]:
    """How many are directly in each of the teams; one query."""
    found = TeamMember.objects.visible_to(actor, "member:read").filter(team__in=[row.pk for row in rows])
    return dict(found.values_list("team_id").annotate(n=Count("pk")))


def reach(actor: Actor, row: Team) -> int:
    """How many people the team has with those of the teams inside; each counts once."""
    inside = TeamPath.objects.filter(ancestor=row).values("descendant_id")
    rows = TeamMember.objects.visible_to(actor, "member:read").filter(team__in=inside)
    return int(rows.aggregate(n=Count("user_id", distinct=True))["n"])


def members(actor: Actor, row: Team) -> QuerySet[TeamMember]:
    """Who is directly in a team."""
    return TeamMember.objects.visible_to(actor, "member:read").filter(team=row).select_related("user", "team")


def members_page(actor: Actor, row: Team, cursor: Cursor | None = None) -> Page[TeamMember]:
    """One page of them, who came first at the top."""
    return keyset(members(actor, row), cursor, descending=False)


def member(actor: Actor, row: Team, person_id: UUID) -> TeamMember:
    """One of them; `NotFound` for who is not in the team itself."""
    found = members(actor, row).filter(user_id=person_id).first()
    if found is None:
        raise NotFound
    return found


def candidates(actor: Actor, row: Team) -> list[AbstractBaseUser]:
    """The active members of the organisation who are not in the team yet, by name."""
    memberships = apps.get_model("accounts.Membership").objects.visible_to(actor, "member:read")
    active = memberships.filter(organisation_id=row.organisation_id, state="active").values("user_id")
    people = get_user_model()._default_manager.filter(pk__in=active, is_active=True)
    return list(people.exclude(pk__in=members(actor, row).values("user_id")).order_by("name", "id")[:CHOICES])


def roles_held(actor: Actor, row: Team) -> list[str]:
    """What the team itself is given, as the labels of the roles; whoever sees the team sees that."""
    rows = Binding.objects.filter(team__in=teams(actor).filter(pk=row.pk).order_by())
    return list(rows.order_by("-role__rank").values_list("role__label", flat=True))
