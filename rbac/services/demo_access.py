"""Own roles, and who holds them, of the demonstration: denials, ends and conditions among them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock, context
from rbac import demo_story as story
from rbac.holders import Holder
from rbac.models import Resource, Role, Scope, Team, Workspace
from rbac.services.access import access_give
from rbac.services.custom_roles import RoleDraft, role_create
from rbac.services.grants import grant_give
from rbac.standing import standing_on


def demo_access_load(*, organisation_id: UUID, people: Sequence[UUID]) -> None:
    """Make them in an organisation whose teams, workspaces and resources are there; `people` are its active members.

    Part of the service that loads the demonstration. Events and mails as of the services.
    """
    with standing_on(organisation_id):
        actor = context.actor()
        roles: dict[str, Role] = {}
        for code, label, description, rank, rights in story.ROLES:
            draft = RoleDraft(label=label, code=code, description=description, rank=rank, rights=dict(rights))
            roles[code] = role_create(actor=actor, organisation_id=organisation_id, draft=draft)
        teams = {row.slug: row for row in Team.objects.filter(organisation_id=organisation_id)}
        places = {row.slug: row.pk for row in Workspace.objects.filter(organisation_id=organisation_id)}
        for held in story.HELD:
            if isinstance(held.holder, int) and held.holder >= len(people):
                continue
            access_give(
                actor=actor,
                holder=Holder(person_id=people[held.holder])
                if isinstance(held.holder, int)
                else Holder(team=teams[held.holder]),
                role=roles[held.role],
                scope=Scope.objects.get(pk=places[held.place] if held.place else organisation_id),
                effect=held.effect,
                expires_at=_in(held.days),
                reason=held.reason,
                conditions=held.conditions,
            )
        for place, code, thing, days, reason in story.RIGHTS:
            if place < len(people):
                kind, _blank, external_id = thing.partition(" ")
                application, _slash, type_ = kind.partition("/")
                target = Resource.objects.select_related("type__application").get(
                    organisation_id=organisation_id,
                    type__application__code=application,
                    type__code=type_,
                    external_id=external_id,
                )
                holder = Holder(person_id=people[place])
                grant_give(actor=actor, holder=holder, code=code, target=target, expires_at=_in(days), reason=reason)


def _in(days: int | None) -> datetime | None:
    return None if days is None else clock.now() + timedelta(days=days)
