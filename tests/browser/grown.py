"""Teams, workspaces and resources of a furnished installation: those that the demonstration has."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import Membership
from portal.kit import clock, context
from rbac.models import Module, Resource, Review, Run, Team, Workspace
from rbac.services.demo_reviews import demo_reviews_load
from rbac.services.demo_tree import demo_runs_load, demo_tree_load
from rbac.services.runs import runs_lose

if TYPE_CHECKING:
    from tests.browser.furnished import Story
    from tests.browser.rooms import Rooms


@dataclass(frozen=True)
class Grown:
    """What the pages of teams, workspaces and resources are about."""

    team_id: UUID
    inner_id: UUID
    workspace_id: UUID
    archived_id: UUID
    resource_id: UUID
    public_id: UUID
    pipeline_id: UUID
    runs: dict[str, UUID]  # By the id in the product.
    module_id: UUID
    running_id: UUID
    closed_id: UUID


def grown(story: "Story", found: "Rooms") -> Grown:
    """Add them to the large organisation, by its owner."""
    people = Membership.objects.filter(organisation=found.large, state="active", user__is_active=True)
    with story.by(found.inside(found.owner), timedelta(days=3)):
        members = list(people.order_by("joined_at").values_list("user_id", flat=True))
        demo_tree_load(organisation_id=found.large.pk, people=members)
    with story.by(found.inside(found.owner), timedelta(0)):
        demo_runs_load(organisation_id=found.large.pk)
    with context.system("a test"):
        runs_lose(silent_since=clock.now() - timedelta(hours=1))
    runs = dict(Run.objects.filter(organisation=found.large).values_list("external_id", "pk"))
    with story.by(found.inside(found.owner), timedelta(hours=2)) as moment:
        demo_reviews_load(organisation_id=found.large.pk, now=moment)
    reviews = dict(Review.objects.filter(organisation=found.large).values_list("state", "pk"))
    teams = dict(Team.objects.filter(organisation=found.large).values_list("slug", "pk"))
    spaces = dict(Workspace.objects.filter(organisation=found.large).values_list("slug", "pk"))
    things = dict(Resource.objects.filter(organisation=found.large).values_list("external_id", "pk"))
    return Grown(
        teams["research"],
        teams["field"],
        spaces["coast"],
        spaces["pilot"],
        things["prj-204"],
        things["prj-240"],
        things["pl-intake"],
        runs,
        Module.objects.get(code="pipelines").pk,
        reviews["running"],
        reviews["closed"],
    )
