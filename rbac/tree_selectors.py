"""Reads about workspaces, resources and their types."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor, Page, keyset
from rbac.decision import known_at_epoch
from rbac.models import Resource, ResourceType, Scope, ScopePath, Workspace
from rbac.resource_rows import type_key

TREE = 200  # Resources of a tree that a page draws; the list has them all.
CHOICES = 500  # Places that a form offers.


def types() -> list[ResourceType]:
    """Every type, as they stand in their products; kept by the process until `roles apply` changes one."""
    rows = ResourceType.objects.select_related("application").order_by("application__created_at", "position", "id")
    return known_at_epoch("resource_types", lambda: list(rows))


def type_named(key: str) -> ResourceType:
    """The type that is spelled `application/type`; `NotFound` for none."""
    found = next((row for row in types() if type_key(row) == key), None)
    if found is None:
        raise NotFound
    return found


def workspaces(actor: Actor) -> QuerySet[Workspace]:
    """The workspaces of the organisation that `actor` stands in and may see (`workspace:read`)."""
    rows = Workspace.objects.visible_to(actor, "workspace:read").select_related("organisation")
    return rows if actor.organisation_id is not None else rows.none()


def workspace(actor: Actor, workspace_id: UUID) -> Workspace:
    """One of them; `NotFound` for that of another organisation."""
    found = workspaces(actor).filter(pk=workspace_id).first()
    if found is None:
        raise NotFound
    return found


def resources(actor: Actor) -> QuerySet[Resource]:
    """The resources of the organisation that `actor` stands in and may see (`resource:read`)."""
    rows = Resource.objects.visible_to(actor, "resource:read").select_related("type__application", "organisation")
    return rows if actor.organisation_id is not None else rows.none()


def resource(actor: Actor, resource_id: UUID) -> Resource:
    """One of them; `NotFound` for that of another organisation."""
    found = resources(actor).filter(pk=resource_id).first()
    if found is None:
        raise NotFound
    return found


def resource_known(actor: Actor, kind: ResourceType, external_id: str) -> Resource:
    """The resource that the host product knows by this id; `NotFound` for none."""
    found = resources(actor).filter(type=kind, external_id=external_id).first()
    if found is None:
        raise NotFound
    return found


def resources_page(actor: Actor, kind: ResourceType, cursor: Cursor | None, size: int) -> Page[Resource]:
    """One page of the resources of a type, the newest first."""
    return keyset(resources(actor).filter(type=kind), cursor, size=size)


def resource_counts(actor: Actor, rows: Sequence[Workspace]) -> dict[UUID, int]:
    """How many resources stand in each of the workspaces, at any depth; one query."""
    seen = resources(actor).order_by().values("pk")
    paths = ScopePath.objects.filter(ancestor__in=[row.pk for row in rows], depth__gt=0, descendant__in=seen)
    return dict(paths.values_list("ancestor_id").annotate(n=Count("descendant_id")))


def places_of(actor: Actor, rows: Sequence[Resource]) -> dict[UUID, Workspace | Resource]:
    """What each of the resources stands below; none for those at the organisation itself. Three queries."""
    parents = dict(Scope.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "parent_id"))
    above: dict[UUID, Workspace | Resource] = {}
    wanted = set(parents.values())
    above.update({row.pk: row for row in workspaces(actor).filter(pk__in=wanted)})
    above.update({row.pk: row for row in resources(actor).filter(pk__in=wanted)})
    return {key: above[parent] for key, parent in parents.items() if parent in above}


def way_to(actor: Actor, row: Resource) -> list[Workspace | Resource]:
    """What stands above a resource as far as `actor` may see it, the outermost first; three queries."""
    steps = dict(ScopePath.objects.filter(descendant_id=row.pk, depth__gt=0).values_list("ancestor_id", "depth"))
    found: list[Workspace | Resource] = [
        *workspaces(actor).filter(pk__in=steps),
        *resources(actor).filter(pk__in=steps),
    ]
    return sorted(found, key=lambda one: -steps[one.pk])


def tree_below(actor: Actor, node_id: UUID) -> tuple[dict[UUID, list[Resource]], int]:
    """The resources below a node by what they stand below, by name, and how many there are; three queries, one when
    there are none.

    At most `TREE` of them, those nearest to the node; below one that `actor` may not see, nothing is drawn.
    """
    paths = ScopePath.objects.filter(ancestor_id=node_id, depth__gt=0)
    seen = resources(actor).filter(pk__in=paths.values("descendant_id"))
    total = seen.count()
    if not total:
        return {}, 0
    near = list(
        paths.filter(descendant__in=seen.order_by().values("pk"))
        .order_by("depth", "descendant_id")
        .values_list("descendant_id", "descendant__parent_id")[:TREE]
    )
    rows = {row.pk: row for row in seen.filter(pk__in=[key for key, _parent in near])}
    below: defaultdict[UUID, list[Resource]] = defaultdict(list)
    for key, parent in near:
        if key in rows and parent is not None:
            below[parent].append(rows[key])
    for siblings in below.values():
        siblings.sort(key=lambda one: (one.name.lower(), one.pk))
    return dict(below), total


def places_for(actor: Actor, row: Resource) -> list[Workspace | Resource]:
    """Where a resource could be moved: open workspaces, and resources that are not below it; by name."""
    own = ScopePath.objects.filter(ancestor_id=row.pk).values("descendant_id")
    open_ = workspaces(actor).filter(archived_at=None).order_by("name", "id")[:CHOICES]
    others = resources(actor).exclude(pk__in=own).order_by("name", "id")[:CHOICES]
    return [*open_, *others]


def parents_of(rows: Sequence[Resource]) -> dict[UUID, UUID | None]:
    """The ids of what the resources stand directly below; one query."""
    return dict(Scope.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "parent_id"))
