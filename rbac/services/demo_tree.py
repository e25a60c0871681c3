"""Teams, workspaces, resources and runs of the demonstration, made through the services in an organisation that is there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock, context
from rbac import demo_story as story
from rbac.models import Resource, ResourceType, Team
from rbac.resource_rows import Place, ResourceRow, type_key
from rbac.services import runs
from rbac.services.resources import resources_put
from rbac.services.teams import team_create, team_member_add
from rbac.services.workspaces import workspace_archive, workspace_create
from rbac.standing import standing_on


def demo_tree_load(*, organisation_id: UUID, people: Sequence[UUID]) -> None:
    """Make them in an organisation; `people` are its active members, of whom some come into teams.

    Part of the service that loads the demonstration. Whoever acts there has to hold the rights. Events as of the
    services.
    """
    with standing_on(organisation_id):
        actor = context.actor()
        teams: dict[str, Team] = {}
        for group in story.TEAMS:
            made = teams[group.slug] = team_create(
                actor=actor,
                organisation_id=organisation_id,
                name=group.name,
                slug=group.slug,
                description=group.description,
                parent=teams.get(group.inside),
            )
            for place in group.places:
                if place < len(people):
                    team_member_add(actor=actor, team=made, person_id=people[place])
        places: dict[str, Place] = {}
        archived = []
        for slug, name, description, is_archived in story.WORKSPACES:
            workspace = workspace_create(
                actor=actor, organisation_id=organisation_id, name=name, slug=slug, description=description
            )
            places[slug] = workspace.pk
            if is_archived:
                archived.append(workspace)
        resources_put(actor=actor, organisation_id=organisation_id, rows=_rows(places))
        for workspace in archived:
            workspace_archive(actor=actor, workspace=workspace)


def demo_runs_load(*, organisation_id: UUID) -> None:
    """Runs of some of these things, up to now; part of the service that loads the demonstration. Events as of the
    services."""
    now = clock.now()
    with standing_on(organisation_id):
        rows = Resource.objects.select_related("type__application").filter(organisation_id=organisation_id)
        things = {f"{type_key(row.type)} {row.external_id}": row for row in rows}
        for work in story.RUNS:
            _run(things[work.thing], work, now - timedelta(minutes=work.ago))


def demo_runs_past(*, organisation_id: UUID, until: datetime, days: int) -> None:
    """A nightly run on each of so many days before `until`, most of which went well; part of the service that loads the
    demonstration. Events as of the services."""
    with standing_on(organisation_id):
        rows = Resource.objects.select_related("type__application").filter(organisation_id=organisation_id)
        things = {f"{type_key(row.type)} {row.external_id}": row for row in rows}
        for ago in range(days, 1, -1):
            night = (until - timedelta(days=ago)).replace(hour=2, minute=5, second=0, microsecond=0)
            _run(things[story.NIGHTLY.thing], story.nightly(ago), night)


def _run(resource: Resource, work: story.Work, begin: datetime) -> None:
    actor = context.actor()
    told = {"name": work.name, "phase": work.phase, "total": work.total}
    with clock.at(begin):
        state = "queued" if work.state == "queued" else "running"
        run, _new = runs.run_start(
            actor=actor, resource=resource, external_id=work.external_id, values=told | {"state": state}
        )
        if work.lines:
            lines = [runs.Line(text, level) for level, text in work.lines]
            runs.run_lines_add(actor=actor, run=run, lines=lines)
    with clock.at(begin + timedelta(minutes=work.took)):
        values = {"done": work.done, "message": work.message}
        if work.state in runs.FOLLOWS["running"]:
            values["state"] = work.state
        runs.run_report(actor=actor, run=run, values=values)
        if work.asked:
            runs.run_cancel_ask(actor=actor, run=run)


def _rows(places: dict[str, Place]) -> list[ResourceRow]:
    types = {type_key(row): row for row in ResourceType.objects.select_related("application")}
    return [
        ResourceRow(
            type=types[thing.type],
            external_id=thing.external_id,
            name=thing.name,
            attributes=thing.attributes,
            is_public=thing.is_public,
            place=_place(thing.place, places),
        )
        for thing in story.THINGS
    ]


def _place(text: str, places: dict[str, Place]) -> Place:
    if not text:
        return None
    if text in places:
        return places[text]
    kind, _blank, external_id = text.partition(" ")
    return kind, external_id
