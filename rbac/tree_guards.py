"""Who may change teams, workspaces and resources of an organisation."""

from collections.abc import Iterable
from uuid import UUID

from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from rbac.delegation import Content, bits_of, check_delegable, content_of, measure
from rbac.models import Binding, Scope, Team, TeamGrant, TeamPath


def authorise_here(actor: Actor, code: str, organisation_id: UUID) -> None:
    """Raise unless `actor` stands in the organisation and holds `code` there. They are the organisation's own affair:
    staff sees them in the trail, and suspends the organisation."""
    if actor.organisation_id is None or actor.organisation_id != organisation_id:
        raise NotFound
    authorise(actor, code)


def guard_powers(actor: Actor, teams: Iterable[UUID]) -> None:
    """Raise `CannotDelegate` unless `actor` could give all that these teams, and the teams around them, are given.

    Who comes into a team gets what it holds, and who leaves loses it: that is giving and taking by another door, and
    measured where each of it counts. Held still by `scope_lock`, under which all of it is given.
    """
    around = set(TeamPath.objects.filter(descendant__in=list(teams)).values_list("ancestor_id", flat=True))
    for row in Binding.objects.filter(team__in=around).select_related("role", "scope"):
        check_delegable(measure(actor, row.scope, row.expires_at), content_of(row.role), row.role.rank)
    groups = Team.objects.filter(pk__in=around).values("group_id")
    for grant in TeamGrant.objects.filter(group__in=groups).select_related("permission"):
        scopes = Scope.objects.filter(pk__in=[grant.object_id, grant.organisation_id])
        # On the object where it is a part of the tree, else on the organisation that it belongs to.
        scope = max(scopes, key=lambda found: found.pk == grant.object_id)
        check_delegable(measure(actor, scope, grant.expires_at), Content(allow=bits_of([grant.permission.codename])), 0)
