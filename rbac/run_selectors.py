"""Reads about runs of host products."""

from collections.abc import Iterable
from datetime import UTC
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet, Sum

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor, Page, keyset
from rbac.models import Resource, ResourceType, Run, RunLine, RunTally
from rbac.resource_rows import type_key
from rbac.tree_selectors import resources

TAIL = 200  # Lines that a page shows; the API has them all.
LATEST = 25  # Runs on the page of a resource.


def runs(actor: Actor) -> QuerySet[Run]:
    """The runs of the resources that `actor` may see in the organisation it stands in (`resource:read`)."""
    rows = Run.objects.filter(resource__in=resources(actor).order_by().values("pk"))
    if actor.organisation_id is None:
        return rows.none()
    return rows.filter(organisation_id=actor.organisation_id).select_related(
        "resource__type__application", "resource__organisation"
    )


def run(actor: Actor, run_id: UUID) -> Run:
    """One of them; `NotFound` for that of another organisation."""
    found = runs(actor).filter(pk=run_id).first()
    if found is None:
        raise NotFound
    return found


def runs_of_type(actor: Actor, kind: ResourceType) -> QuerySet[Run]:
    """The runs of the resources of one type."""
    return runs(actor).filter(resource__type=kind)


def runs_of(actor: Actor, resource: Resource, cursor: Cursor | None) -> Page[Run]:
    """One page of the runs of a resource, the newest first."""
    return keyset(runs(actor).filter(resource=resource), cursor, size=LATEST)


def lines_page(actor: Actor, row: Run, cursor: Cursor | None, size: int) -> Page[RunLine]:
    """One page of the log of a run that `actor` may see, the oldest line first."""
    rows = RunLine.objects.filter(run=run(actor, row.pk))
    return keyset(rows, cursor, by="number", descending=False, size=size)


def lines_tail(row: Run) -> list[RunLine]:
    """The last lines of a run that was found for who looks, in their order."""
    return list(reversed(RunLine.objects.filter(run=row).order_by("-number")[:TAIL]))


def names_of(people: Iterable[UUID | None]) -> dict[UUID, str]:
    """What those who told of runs are called, by id; one query, none for nobody."""
    ids = {one for one in people if one is not None}
    if not ids:
        return {}
    rows = get_user_model()._default_manager.filter(pk__in=ids)
    return {user.pk: str(user) for user in rows}


def runs_live() -> dict[str, int]:
    """How many runs of the installation have not ended, by state; for the metrics."""
    rows = Run.objects.filter(state__in=Run.LIVE).order_by()
    return dict(rows.values_list("state").annotate(n=Count("pk")))


def started_today() -> dict[str, int]:
    """How many runs began today (UTC), by type; 0 for a type without any. For the metrics."""
    found = {type_key(row): 0 for row in ResourceType.objects.select_related("application")}
    rows = RunTally.objects.filter(day=clock.now().astimezone(UTC).date()).order_by()
    told = rows.values_list("type__application__code", "type__code").annotate(n=Sum("started"))
    return found | {f"{product}/{kind}": number for product, kind, number in told}


def ended_today() -> tuple[int, int]:
    """How many runs succeeded today (UTC), and how many failed or were cancelled; for the metrics."""
    rows = RunTally.objects.filter(day=clock.now().astimezone(UTC).date())
    found = rows.aggregate(good=Sum("succeeded"), bad=Sum("failed"))
    return found["good"] or 0, found["bad"] or 0
