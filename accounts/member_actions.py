"""What can be done to many members at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.services.member_roles import members_role_give_bulk
from portal.kit.context import Actor
from portal.kit.lists import Action, Field
from portal.kit.templatetags.kit import count
from rbac import access_selectors
from rbac import selectors as rbac
from rbac.effects import effects_of
from rbac.role_presenters import role_name
from rbac.simulate import simulate

DAYS = (1, 7, 30, 90)


def _members(number: int) -> str:
    return ngettext("%(count)s member", "%(count)s members", number) % {"count": count(number)}


def _roles(actor: Actor) -> Sequence[tuple[str, str]]:
    if actor.id is None or actor.organisation_id is None:
        return []
    rank = rbac.rank_of(actor.id, actor.organisation_id)
    found = [role for role in access_selectors.roles_here(actor).order_by("-rank", "label") if role.rank <= rank]
    return [(str(role.pk), role_name(role)) for role in found]


def _places(actor: Actor) -> Sequence[tuple[str, str]]:
    whole = str(actor.organisation_id)
    return [(str(scope.pk), name) for scope, name in access_selectors.places_here(actor) if str(scope.pk) != whole]


def _ends(actor: Actor) -> Sequence[tuple[str, str]]:
    return [(str(days), ngettext("After %(n)d day", "After %(n)d days", days) % {"n": days}) for days in DAYS]


def _look(*, actor: Actor, ids: Sequence[UUID], **values: Any) -> Mapping[str, Any]:
    """Who would gain and lose what, where the role would be held."""
    scope = access_selectors.scope_here(actor, values.get("place"), "role:assign")
    whole = scope.pk == actor.organisation_id
    objects = [None if whole else access_selectors.object_of(scope)]
    told = simulate(lambda: members_role_give_bulk(actor=actor, ids=ids, **values), objects)
    return {"effects": effects_of(told, objects)}


GIVE = Action(
    "assign",
    gettext_lazy("Give role"),
    "role:assign",
    members_role_give_bulk,
    question=lambda number: _("Give %(people)s a role?") % {"people": _members(number)},
    consequence=gettext_lazy(
        "It counts at once, and each is told by mail. A ready-made role for good replaces theirs."
    ),
    done=lambda number: _("Given the role: %(people)s.") % {"people": _members(number)},
    fields=(
        Field("role", gettext_lazy("Role"), required=True, options=_roles, read=UUID),
        Field(
            "place",
            gettext_lazy("Where"),
            options=_places,
            read=UUID,
            help=gettext_lazy("Without a choice: in the whole organisation."),
        ),
        Field("days", gettext_lazy("Ends"), options=_ends, read=int),
        Field("reason", gettext_lazy("Reason"), help=gettext_lazy("Kept in the audit trail.")),
    ),
    icon="shield",
    look=_look,
    look_template="rbac/_effects.html",
)
