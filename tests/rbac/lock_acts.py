"""What somebody does in an organisation and on it, each act with who does it and the scope that its right stands on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from accounts.models import User
from accounts.services import invitations, keys, memberships, organisations, service_accounts
from portal.kit import clock, context
from portal.kit.context import Actor
from rbac import services as rbac
from rbac.holders import Holder
from rbac.models import INSTALLATION, Module
from rbac.resource_rows import ResourceRow
from rbac.services import RoleDraft, duties, glass, resources, teams, workspaces
from rbac.services.duties import DutyDraft
from tests.accounts.key_world import make_key, make_service
from tests.accounts.organisation_world import House, organisation
from tests.factories import actor_of, person
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, make_workspace, ready, scope_of


@dataclass(frozen=True)
class Act:
    """What somebody is about to do: who, on which scope its right stands, and the call."""

    who: User
    scope_id: UUID
    call: Callable[[Actor], object]
    inside: bool = True


Acts = dict[str, tuple[User, Callable[[Actor], object]]]


def act_of(house: House, name: str) -> Act:
    """One of the acts, ready to be called in this house."""
    for acts in (_people_acts, _tree_acts, _key_acts):
        if name in (known := acts(house)):
            who, call = known[name]
            return Act(who, house.id, call)
    who, call = _staff_acts(house)[name]
    return Act(who, INSTALLATION, call, inside=False)


def _people_acts(house: House) -> Acts:
    admin, owner, viewer = house.admin, house.owner, house.viewer
    scope, holder = scope_of(house), Holder(person_id=house.viewer.pk)
    role = make_role(house, "member:read")
    team, project, newcomer = make_team(house, house.editor), make_resource(house), person("Newcomer")
    given = bind(house, viewer, role)
    with context.acting(house.inside(owner)) as current:
        granted = rbac.grant_give(actor=current.actor, holder=holder, code="resource:read", target=project)
    day = clock.now() + timedelta(days=1)
    another = make_role(house, "member:read")
    draft = RoleDraft(label="Watch", rights={"member:read": "allow"})
    return {
        "give": (admin, lambda actor: rbac.access_give(actor=actor, holder=holder, role=another, scope=scope)),
        "limit": (admin, lambda actor: rbac.access_limit(actor=actor, binding=given, expires_at=day)),
        "take": (admin, lambda actor: rbac.access_take(actor=actor, binding=given)),
        "grant": (
            admin,
            lambda actor: rbac.grant_give(actor=actor, holder=holder, code="resource:update", target=project),
        ),
        "grant limit": (admin, lambda actor: rbac.grant_limit(actor=actor, grant=granted, expires_at=day)),
        "grant take": (admin, lambda actor: rbac.grant_take(actor=actor, grant=granted)),
        "role": (admin, lambda actor: rbac.role_create(actor=actor, organisation_id=house.id, draft=draft)),
        "role edit": (admin, lambda actor: rbac.role_update(actor=actor, role=another, draft=draft)),
        "role delete": (admin, lambda actor: rbac.role_delete(actor=actor, role=another)),
        "team": (
            admin,
            lambda actor: teams.team_create(actor=actor, organisation_id=house.id, name="Watch", slug="watch"),
        ),
        "team rename": (admin, lambda actor: teams.team_update(actor=actor, team=team, values={"name": "Other"})),
        "team member": (admin, lambda actor: teams.team_member_add(actor=actor, team=team, person_id=viewer.pk)),
        "team leaves": (
            admin,
            lambda actor: teams.team_member_remove(actor=actor, team=team, person_id=house.editor.pk),
        ),
        "team delete": (admin, lambda actor: teams.team_delete(actor=actor, team=team)),
        "member": (
            admin,
            lambda actor: memberships.membership_add(
                actor=actor, organisation=house.organisation, user=newcomer, role=ready("viewer")
            ),
        ),
        "member role": (
            admin,
            lambda actor: memberships.membership_role_set(
                actor=actor, membership=house.membership(viewer), role=ready("editor")
            ),
        ),
        "member suspend": (
            admin,
            lambda actor: memberships.membership_suspend(actor=actor, membership=house.membership(viewer)),
        ),
        "member remove": (
            admin,
            lambda actor: memberships.membership_remove(actor=actor, membership=house.membership(viewer)),
        ),
        "invite": (
            admin,
            lambda actor: invitations.invitations_create(
                actor=actor, organisation=house.organisation, addresses=["new@example.org"], role=ready("viewer")
            ),
        ),
        "service account": (
            admin,
            lambda actor: service_accounts.service_account_create(
                actor=actor, organisation=house.organisation, name="Robot", handle="robot", role=ready("viewer")
            ),
        ),
        "transfer": (
            owner,
            lambda actor: organisations.ownership_transfer(
                actor=actor, organisation=house.organisation, to=house.membership(house.admin)
            ),
        ),
        "close": (owner, lambda actor: organisations.organisation_close(actor=actor, organisation=house.organisation)),
    }


def _tree_acts(house: House) -> Acts:
    admin = house.admin
    project, closed, yard, full = (
        make_resource(house),
        make_resource(house),
        make_workspace(house),
        make_workspace(house),
    )
    with context.acting(house.inside(house.owner)) as current:
        resources.resource_publish(actor=current.actor, resource=closed)
        draft = DutyDraft(name="Apart", one_codes=("member:read",), other_codes=("role:assign",))
        rule = duties.duty_rule_create(actor=current.actor, organisation_id=house.id, draft=draft)
    row = ResourceRow(project.type, "new", "New one")
    module = Module.objects.select_related("application").filter(on_by_default=True)[0]
    return {
        "register": (admin, lambda actor: resources.resource_put(actor=actor, organisation_id=house.id, row=row)),
        "rename": (
            admin,
            lambda actor: resources.resource_put(
                actor=actor,
                organisation_id=house.id,
                row=ResourceRow(project.type, project.external_id, "Other"),
            ),
        ),
        "move": (admin, lambda actor: resources.resource_move(actor=actor, resource=project, place=yard.pk)),
        "publish": (admin, lambda actor: resources.resource_publish(actor=actor, resource=project)),
        "unpublish": (admin, lambda actor: resources.resource_unpublish(actor=actor, resource=closed)),
        "delete": (admin, lambda actor: resources.resource_delete(actor=actor, resource=project)),
        "workspace": (
            admin,
            lambda actor: workspaces.workspace_create(actor=actor, organisation_id=house.id, name="Dock", slug="dock"),
        ),
        "workspace rename": (
            admin,
            lambda actor: workspaces.workspace_update(actor=actor, workspace=full, values={"name": "Other"}),
        ),
        "workspace archive": (admin, lambda actor: workspaces.workspace_archive(actor=actor, workspace=full)),
        "workspace delete": (admin, lambda actor: workspaces.workspace_delete(actor=actor, workspace=full)),
        "module": (
            admin,
            lambda actor: rbac.module_switch(actor=actor, organisation_id=house.id, module=module, is_on=False),
        ),
        "rule": (
            admin,
            lambda actor: duties.duty_rule_create(
                actor=actor, organisation_id=house.id, draft=replace(draft, name="Another")
            ),
        ),
        "rule edit": (
            admin,
            lambda actor: duties.duty_rule_update(actor=actor, rule=rule, draft=replace(draft, is_active=False)),
        ),
        "rule delete": (admin, lambda actor: duties.duty_rule_delete(actor=actor, rule=rule)),
    }


def _key_acts(house: House) -> Acts:
    admin = house.admin
    service = make_service(house)
    given, _secret = make_key(admin, house, scopes={"member:read"}, service=service)
    of_editor, _secret = make_key(house.editor, house, scopes={"organisation:read"})
    year = clock.now() + timedelta(days=300)
    return {
        "key": (
            admin,
            lambda actor: keys.key_create(
                actor=actor, name="Watch", scopes={"member:read"}, expires_at=year, organisation_id=house.id
            ),
        ),
        "key of a machine": (
            admin,
            lambda actor: keys.key_create(
                actor=actor,
                name="Watch",
                scopes={"member:read"},
                expires_at=year,
                organisation_id=house.id,
                service=service,
            ),
        ),
        "key rotate": (admin, lambda actor: keys.key_rotate(actor=actor, key=given)),
        "key revoke": (admin, lambda actor: keys.key_revoke(actor=actor, key=of_editor)),
        "machine rename": (
            admin,
            lambda actor: service_accounts.service_account_update(
                actor=actor, service=service, values={"name": "Other robot"}
            ),
        ),
        "machine off": (
            admin,
            lambda actor: service_accounts.service_account_deactivate(actor=actor, service=service),
        ),
        "machine delete": (admin, lambda actor: service_accounts.service_account_delete(actor=actor, service=service)),
        "organisation rename": (
            admin,
            lambda actor: organisations.organisation_update(
                actor=actor, organisation=house.organisation, values={"name": "Other"}
            ),
        ),
    }


def _staff_acts(house: House) -> Acts:
    staff, resting = person("Staff", role="super_admin"), organisation("Resting")
    of_owner, _secret = make_key(house.owner, house, scopes={"organisation:read"})
    with context.acting(actor_of(staff)) as current:
        organisations.organisation_suspend(actor=current.actor, organisation=resting)
    return {
        "staff renames": (
            staff,
            lambda actor: organisations.organisation_update(
                actor=actor, organisation=house.organisation, values={"name": "Other"}
            ),
        ),
        "staff suspends": (
            staff,
            lambda actor: organisations.organisation_suspend(actor=actor, organisation=house.organisation),
        ),
        "staff resumes": (
            staff,
            lambda actor: organisations.organisation_resume(actor=actor, organisation=resting),
        ),
        "staff closes": (
            staff,
            lambda actor: organisations.organisation_close(actor=actor, organisation=house.organisation),
        ),
        "staff revokes": (staff, lambda actor: keys.key_revoke(actor=actor, key=of_owner)),
        "glass": (staff, lambda actor: glass.glass_break(actor=actor, organisation=house.organisation, reason="Fire")),
    }


NAMES = (
    *("give", "limit", "take", "grant", "grant limit", "grant take", "role", "role edit", "role delete"),
    *("team", "team rename", "team member", "team leaves", "team delete", "member", "member role", "member suspend"),
    *("member remove", "invite", "service account", "transfer", "close"),
    *("register", "rename", "move", "publish", "unpublish", "delete"),
    *("workspace", "workspace rename", "workspace archive", "workspace delete"),
    *("module", "rule", "rule edit", "rule delete"),
    *("key", "key of a machine", "key rotate", "key revoke", "machine rename", "machine off", "machine delete"),
    *(
        "organisation rename",
        "staff renames",
        "staff suspends",
        "staff resumes",
        "staff closes",
        "staff revokes",
        "glass",
    ),
)
