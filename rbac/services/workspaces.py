"""Making, changing, archiving and deleting workspaces."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import decision
from rbac.errors import WorkspaceNotEmpty
from rbac.models import Binding, Scope, Workspace
from rbac.services.keepers import rights_hold, scope_ensure, scope_hold
from rbac.tree_guards import authorise_here
from rbac.tree_rules import check, cleaned, kept_by_database, only

EDITABLE = ("name", "slug", "description", "external_id")


def workspace_create(
    *, actor: Actor, organisation_id: UUID, name: str, slug: str, description: str = "", external_id: str = ""
) -> Workspace:
    """Make a workspace and its place in the tree. Needs `workspace:admin`; event `rbac.workspace.created`.

    `Invalid` with fields.
    """
    authorise_here(actor, "workspace:admin", organisation_id)
    values = cleaned({"name": name, "slug": slug, "description": description, "external_id": external_id})
    workspace = Workspace(organisation_id=organisation_id, **values)
    check(workspace, EDITABLE)
    with writing(), kept_by_database():
        above = scope_ensure(organisation_id=organisation_id)
        scope_hold(actor=actor, code="workspace:admin", scope=above)
        Scope.objects.create(id=workspace.pk, kind=Scope.Kind.WORKSPACE, parent=above, organisation_id=organisation_id)
        workspace.save(force_insert=True)
        told = {field: (None, value) for field, value in values.items() if value}
        record("rbac.workspace.created", target=workspace, changes=told)
    return workspace


def workspace_update(*, actor: Actor, workspace: Workspace, values: Mapping[str, Any]) -> Workspace:
    """Change name, short name, description or the host product's id. Event `rbac.workspace.updated`; none without a change."""
    _authorise(actor, workspace)
    only(values, EDITABLE)
    clean = cleaned(values)
    with writing():
        workspace = _held(actor, workspace)
        changes = diff(workspace, clean)
        if not changes:
            return workspace
        for field, (_before, after) in changes.items():
            setattr(workspace, field, after)
        check(workspace, changes)
        with kept_by_database():
            workspace.save(update_fields=list(changes))
        record("rbac.workspace.updated", target=workspace, changes=changes)
    return workspace


def workspace_archive(*, actor: Actor, workspace: Workspace) -> Workspace:
    """Take no new resources into a workspace; what is in it stays as it is. Event `rbac.workspace.archived`."""
    return _set_archived(actor, workspace, archived=True)


def workspace_restore(*, actor: Actor, workspace: Workspace) -> Workspace:
    """Take resources into a workspace again. Event `rbac.workspace.restored`."""
    return _set_archived(actor, workspace, archived=False)


def workspace_delete(*, actor: Actor, workspace: Workspace) -> None:
    """Delete an empty workspace with the roles that are held on it. Event `rbac.workspace.deleted`, with how many.

    `WorkspaceNotEmpty` while there are resources in it.
    """
    _authorise(actor, workspace)
    with writing():
        workspace = _held(actor, workspace)
        # The row that resources are put below is held, so none comes in meanwhile.
        scope = Scope.objects.select_for_update().get(pk=workspace.pk)
        if Scope.objects.filter(parent=scope).exists():
            raise WorkspaceNotEmpty
        roles, _rows = Binding.objects.filter(scope=scope).delete()
        record("rbac.workspace.deleted", target=workspace, data={"roles": roles})
        workspace.delete()
        scope.delete()
        decision.mark_changed()


def _held(actor: Actor, workspace: Workspace) -> Workspace:
    """The row, held until the transaction ends; who lost the right while this waited is refused."""
    rights_hold(scope_id=workspace.organisation_id)
    found = Workspace.objects.select_for_update(no_key=True).filter(pk=workspace.pk).first()
    if found is None:
        raise NotFound
    _authorise(actor, found)
    return found


def _authorise(actor: Actor, workspace: Workspace) -> None:
    if actor.organisation_id != workspace.organisation_id:
        raise NotFound
    authorise(actor, "workspace:admin", workspace)


def _set_archived(actor: Actor, workspace: Workspace, *, archived: bool) -> Workspace:
    _authorise(actor, workspace)
    with writing():
        workspace = _held(actor, workspace)
        before = workspace.archived_at
        if (before is not None) == archived:
            return workspace
        workspace.archived_at = clock.now() if archived else None
        workspace.save(update_fields=["archived_at"])
        changes = {"archived_at": (before, workspace.archived_at)}
        record("rbac.workspace.archived" if archived else "rbac.workspace.restored", target=workspace, changes=changes)
    return workspace
