"""What a person may do and why, by what it is about."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.person_selectors import organisations_of
from portal.kit import registry
from portal.kit.context import Actor
from rbac.effective import Held, Reason, effective_permissions
from rbac.models import INSTALLATION

SEARCH_LIMIT = 60


def permission_groups(actor: Actor, user: User, text: str = "") -> dict[str, Any]:
    """The effective permissions of a person that have `text` in code or label, grouped by their noun; three queries.

    On the installation, and in the organisations of the person that the actor may see.
    """
    text = text.replace("\0", "").strip()[:SEARCH_LIMIT]
    names = {one.membership.organisation_id: one.membership.organisation.name for one in organisations_of(actor, user)}
    labels = {spec.code: str(spec.label) for spec in registry.permissions}
    found = [held for held in effective_permissions(user.pk, names) if held.code in labels]
    wanted = text.casefold()
    shown = [held for held in found if wanted in held.code or wanted in labels[held.code].casefold()]
    groups = [
        {
            "noun": noun.replace("_", " ").capitalize(),
            "rows": [_row(held, labels[held.code], names) for held in rows],
        }
        for noun, rows in groupby(shown, key=lambda held: held.code.partition(":")[0])
    ]
    return {"groups": groups, "q": text, "total": len(found), "shown": len(shown)}


def _row(held: Held, label: str, names: dict[UUID, str]) -> dict[str, Any]:
    denied = any(reason.denies for reason in held.reasons)
    return {
        "code": held.code,
        "label": label,
        "why": [_why(reason, names) for reason in _telling(held)],
        "denied": denied,
    }


def _telling(held: Held) -> list[Reason]:
    """The reasons that decide: of each scope those that deny, else the highest role that allows."""
    told: list[Reason] = []
    for _scope, reasons in groupby(held.reasons, key=lambda reason: reason.scope_id):
        every = list(reasons)
        told += [reason for reason in every if reason.denies] or every[:1]
    return told


def _why(reason: Reason, names: dict[UUID, str]) -> str:
    values = {
        "role": reason.role,
        "stated": reason.stated_by,
        "where": names.get(reason.scope_id, "") if reason.scope_id != INSTALLATION else _("the whole installation"),
    }
    if reason.team:
        values["where"] = _("%(where)s through the team %(team)s") % {"where": values["where"], "team": reason.team}
    if reason.denies:
        return _("denied by %(role)s on %(where)s") % values
    if reason.inherited:
        return _("%(role)s on %(where)s, by way of %(stated)s") % values
    return _("%(role)s on %(where)s") % values
