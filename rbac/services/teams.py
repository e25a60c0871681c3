"""Making, changing and nesting teams, and who is in them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import Group

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import decision
from rbac.duties import duties_kept
from rbac.errors import NotAMember, TeamInsideItself, TeamNotEmpty
from rbac.models import Binding, Scope, Team, TeamMember
from rbac.services.access import check_denied_by_team
from rbac.services.keepers import scope_hold
from rbac.tree_guards import authorise_here, guard_powers
from rbac.tree_rules import check, cleaned, kept_by_database, only

EDITABLE = ("name", "slug", "description", "external_id")


def team_create(
    *,
    actor: Actor,
    organisation_id: UUID,
    name: str,
    slug: str,
    description: str = "",
    external_id: str = "",
    parent: Team | None = None,
) -> Team:
    """Make a team, perhaps inside another. Needs `team:admin`; event `rbac.team.created`.

    Guardian knows it as a group of its own. `Invalid` with fields, `TeamsTooDeep`, and `CannotDelegate` when the team
    around it holds more than the actor does.
    """
    authorise_here(actor, "team:admin", organisation_id)
    values = cleaned({"name": name, "slug": slug, "description": description, "external_id": external_id})
    team = Team(organisation_id=organisation_id, parent=_parent(organisation_id, parent), **values)
    check(team, EDITABLE)
    with writing(), kept_by_database():
        _hold(actor, organisation_id)
        if parent is not None:
            guard_powers(actor, [parent.pk])
        team.group = Group.objects.create(name=f"team {team.pk}")
        team.save(force_insert=True)
        told = {field: (None, value) for field, value in values.items() if value}
        if parent is not None:
            told["parent"] = (None, parent.name)
        record("rbac.team.created", target=team, changes=told)
    decision.mark_changed()
    return team


def team_update(*, actor: Actor, team: Team, values: Mapping[str, Any]) -> Team:
    """Change name, short name, description or the host product's id. Event `rbac.team.updated`; none without a change."""
    authorise_here(actor, "team:admin", team.organisation_id)
    only(values, EDITABLE)
    clean = cleaned(values)
    with writing():
        _hold(actor, team.organisation_id)
        team = _locked(team)
        changes = diff(team, clean)
        if not changes:
            return team
        for field, (_before, after) in changes.items():
            setattr(team, field, after)
        check(team, changes)
        with kept_by_database():
            team.save(update_fields=list(changes))
        record("rbac.team.updated", target=team, changes=changes)
    return team


def team_nest(*, actor: Actor, team: Team, parent: Team | None) -> Team:
    """Put a team into another, or with None out of every one. Its members are members of those around it.

    Event `rbac.team.nested`. `TeamInsideItself`, `TeamsTooDeep`, `NotFound` for a team of another organisation,
    `CannotDelegate` when the teams that it leaves or enters hold more than the actor does, and `DutiesConflict` when a
    member would get what a rule separates from what it holds.
    """
    authorise_here(actor, "team:admin", team.organisation_id)
    with writing():
        # First of all locks: two teams that are put into each other would each hold what the other waits for.
        _hold(actor, team.organisation_id)
        team = _locked(team)
        into = _parent(team.organisation_id, parent)
        if team.parent_id == (into.pk if into else None):
            return team
        if into is not None and into.pk == team.pk:
            raise TeamInsideItself
        guard_powers(actor, [key for key in (team.parent_id, into.pk if into else None) if key is not None])
        before = team.parent.name if team.parent else ""
        kept = duties_kept(team.organisation_id)
        team.parent = into
        with kept_by_database():
            team.save(update_fields=["parent"])
        kept.check()
        record("rbac.team.nested", target=team, changes={"parent": (before, into.name if into else "")})
        decision.mark_changed()
    return team


def team_delete(*, actor: Actor, team: Team) -> None:
    """Delete a team with its memberships, roles and grants. Event `rbac.team.deleted`, with how many there were.

    `TeamNotEmpty` while there are teams inside, `CannotDelegate` when it holds more than the actor does.
    """
    authorise_here(actor, "team:admin", team.organisation_id)
    with writing():
        _hold(actor, team.organisation_id)
        team = _locked(team)
        if Team.objects.filter(parent=team).exists():
            raise TeamNotEmpty
        guard_powers(actor, [team.pk])
        told = {
            "members": TeamMember.objects.filter(team=team).count(),
            "roles": Binding.objects.filter(team=team).count(),
        }
        record("rbac.team.deleted", target=team, data=told)
        group = team.group
        team.delete()
        group.delete()
        decision.mark_changed()


def team_member_add(*, actor: Actor, team: Team, person_id: UUID) -> TeamMember:
    """Take an active member of the organisation, a person or a service account, into a team. Who is in it stays.

    Event `rbac.team_member.added`. `NotAMember` for everybody else, also for who leaves at this moment; `CannotDelegate`
    when the team or one around it holds more than the actor does, `DutiesConflict` when a rule separates that from what
    they hold.
    """
    authorise_here(actor, "team:admin", team.organisation_id)
    with writing():
        _hold(actor, team.organisation_id)
        team = _locked(team)
        guard_powers(actor, [team.pk])
        check_denied_by_team(actor=actor, team=team, person_id=person_id)
        _hold_member(team.organisation_id, person_id)
        found = TeamMember.objects.select_related("user").filter(team=team, user_id=person_id).first()
        if found is not None:
            return found
        kept = duties_kept(team.organisation_id, [person_id])
        member = TeamMember(organisation_id=team.organisation_id, team=team, user_id=person_id)
        with kept_by_database():
            member.save(force_insert=True)
        kept.check()
        record("rbac.team_member.added", target=member, data={"team": team.name})
        decision.mark_changed()
    return member


def team_member_remove(*, actor: Actor, team: Team, person_id: UUID) -> None:
    """Take somebody out of a team; the next check knows. Event `rbac.team_member.removed`.

    `NotFound` for who is not in it itself, `CannotDelegate` when the team holds more than the actor does.
    """
    authorise_here(actor, "team:admin", team.organisation_id)
    with writing():
        _hold(actor, team.organisation_id)
        team = _locked(team)
        guard_powers(actor, [team.pk])
        rows = TeamMember.objects.select_for_update(of=("self",)).select_related("user")
        member = rows.filter(team=team, user_id=person_id).first()
        if member is None:
            raise NotFound
        record("rbac.team_member.removed", target=member, data={"team": team.name})
        member.delete()
        decision.mark_changed()


def _hold(actor: Actor, organisation_id: UUID) -> None:
    """First of all locks; who lost the right while this waited is refused."""
    scope = Scope(pk=organisation_id, kind=Scope.Kind.ORGANISATION, organisation_id=organisation_id)
    scope_hold(actor=actor, code="team:admin", scope=scope)


def _locked(team: Team) -> Team:
    rows = Team.objects.select_for_update(of=("self",), no_key=True).select_related("parent", "group")
    found = rows.filter(pk=team.pk, organisation_id=team.organisation_id).first()
    if found is None:
        raise NotFound
    return found


def _parent(organisation_id: UUID, parent: Team | None) -> Team | None:
    if parent is None:
        return None
    found = Team.objects.filter(pk=parent.pk, organisation_id=organisation_id).first()
    if found is None:
        raise NotFound
    return found


def _hold_member(organisation_id: UUID, person_id: UUID) -> None:
    """Raise `NotAMember` unless the person is an active member; nobody suspends or removes it before this ends."""
    rows = apps.get_model("accounts.Membership")._base_manager.select_for_update(of=("self",), no_key=True)
    held = rows.filter(organisation_id=organisation_id, user_id=person_id, state="active", user__is_active=True)
    if held.first() is None:
        raise NotAMember
