"""Resources of host products: registered, changed, moved, opened and deleted, one or a thousand at once.

A resource and its node in the tree have one id. Where it stands says the node's parent: the organisation, a workspace
or another resource.
"""

from collections.abc import Sequence
from uuid import UUID

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.errors import ResourceNotEmpty
from rbac.models import (
    Binding,
    DutyRule,
    Elevation,
    GlassBreak,
    ModuleSwitch,
    Resource,
    Role,
    RolePermission,
    Run,
    RunLine,
    RunTally,
    Scope,
    Team,
    Workspace,
)
from rbac.resource_rows import Place, ResourceRow
from rbac.services.keepers import rights_hold, scope_ensure
from rbac.services.resource_batch import Batch
from rbac.tree_guards import authorise_here
from rbac.tree_rules import kept_by_database

BATCH = 1_000  # Resources in one call.


def resource_put(*, actor: Actor, organisation_id: UUID, row: ResourceRow) -> tuple[Resource, bool]:
    """Register a resource, or bring it up to what `row` says. Returns it, and whether it is new.

    Needs `resource:create` where it comes to stand, `resource:update` on one that is there. Events
    `rbac.resource.registered`, or `.updated`, `.moved`, `.published`, `.unpublished` as far as something differs.
    `Invalid` with fields, `WorkspaceArchived`, `ResourceInsideItself`, `ResourcesTooDeep`.
    """
    try:
        (found,) = resources_put(actor=actor, organisation_id=organisation_id, rows=[row])
    except errors.Invalid as error:
        plain = {name.removeprefix("items.0."): texts for name, texts in error.fields.items()}
        raise errors.Invalid(error.detail, fields=plain) from error
    return found


def resources_put(*, actor: Actor, organisation_id: UUID, rows: Sequence[ResourceRow]) -> list[tuple[Resource, bool]]:
    """As `resource_put` for up to 1,000 rows, all of them or none. Those that others are put below come before them.

    A fixed number of statements, whatever the number of new ones. Fields of errors are named `items.<place>.<field>`.
    """
    authorise_here(actor, "organisation:read", organisation_id)
    if not 0 < len(rows) <= BATCH:
        raise errors.Invalid(fields={"items": [f"1 to {BATCH}"]})
    with writing(), kept_by_database():
        scope_ensure(organisation_id=organisation_id)
        batch = Batch(actor, organisation_id, rows)
        batch.write()
    return batch.results


def resource_move(*, actor: Actor, resource: Resource, place: Place) -> Resource:
    """Put a resource, with all that is below it, below another, into a workspace, or (None) to the organisation itself.

    Roles held there count on it from now on, those held where it stood no longer. Needs `resource:update` on it and
    `resource:create` there; event `rbac.resource.moved`.
    """
    row = ResourceRow(resource.type, resource.external_id, resource.name, place=place)
    moved, _new = resource_put(actor=actor, organisation_id=resource.organisation_id, row=row)
    return moved


def resource_publish(*, actor: Actor, resource: Resource) -> Resource:
    """Let every member of the organisation read a resource. Needs `resource:update`; event `rbac.resource.published`."""
    return _set_public(actor, resource, is_public=True)


def resource_unpublish(*, actor: Actor, resource: Resource) -> Resource:
    """Take that back: only roles and grants give it. Needs `resource:update`; event `rbac.resource.unpublished`."""
    return _set_public(actor, resource, is_public=False)


def resource_delete(*, actor: Actor, resource: Resource) -> None:
    """Delete a resource with the roles and grants that are held on it. Needs `resource:delete` on it.

    Event `rbac.resource.deleted`. `ResourceNotEmpty` while there are others below it.
    """
    _authorise(actor, "resource:delete", resource)
    with writing():
        resource = _held(actor, "resource:delete", resource)
        # The row that others are put below is held, so none comes in meanwhile.
        scope = Scope.objects.select_for_update().get(pk=resource.pk)
        if Scope.objects.filter(parent=scope).exists():
            raise ResourceNotEmpty
        roles, _rows = Binding.objects.filter(scope=scope).delete()
        record("rbac.resource.deleted", target=resource, data={"roles": roles})
        resource.delete()
        scope.delete()
        decision.mark_changed()


def tree_purge(*, organisation_id: UUID) -> None:
    """Take away all of an organisation that is itself removed: teams, workspaces, resources, runs, switches, own roles,
    rules and requests; part of that service."""
    with writing():
        Binding.objects.filter(scope__organisation_id=organisation_id).delete()
        for model in (RunLine, Run, RunTally, ModuleSwitch, Elevation, GlassBreak, DutyRule):
            model.objects.filter(organisation_id=organisation_id).delete()
        own = Role.objects.filter(organisation_id=organisation_id)
        own.update(inherits=None)
        RolePermission.objects.filter(role__in=own).delete()
        own.delete()
        Resource.objects.filter(organisation_id=organisation_id).delete()
        Workspace.objects.filter(organisation_id=organisation_id).delete()
        while leaves := list(
            Scope.objects.filter(organisation_id=organisation_id)
            .exclude(pk=organisation_id)
            .exclude(pk__in=Scope.objects.filter(organisation_id=organisation_id).values("parent_id"))
            .values_list("pk", flat=True)
        ):
            Scope.objects.filter(pk__in=leaves).delete()
        while teams := list(
            Team.objects.filter(organisation_id=organisation_id, children=None).select_related("group")
        ):
            Team.objects.filter(pk__in=[team.pk for team in teams]).delete()
            for team in teams:
                team.group.delete()


def _authorise(actor: Actor, code: str, resource: Resource) -> None:
    if actor.organisation_id != resource.organisation_id:
        raise NotFound
    authorise(actor, code, resource)


def _held(actor: Actor, code: str, resource: Resource) -> Resource:
    """The row, held; who lost the right while this waited is refused."""
    rights_hold(scope_id=resource.organisation_id)
    rows = Resource.objects.select_for_update(of=("self",), no_key=True).select_related("type__application")
    found = rows.filter(pk=resource.pk).first()
    if found is None:
        raise NotFound
    _authorise(actor, code, found)
    return found


def _set_public(actor: Actor, resource: Resource, *, is_public: bool) -> Resource:
    _authorise(actor, "resource:update", resource)
    with writing():
        resource = _held(actor, "resource:update", resource)
        if resource.is_public == is_public:
            return resource
        resource.is_public = is_public
        resource.save(update_fields=["is_public"])
        code = "rbac.resource.published" if is_public else "rbac.resource.unpublished"
        record(code, target=resource, changes={"is_public": (not is_public, is_public)})
        decision.mark_changed()
    return resource
