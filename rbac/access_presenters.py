"""Who holds what where, as pages show it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import can
from rbac import access_selectors as selectors
from rbac.condition_words import conditions_text
from rbac.effective import Held, Reason, effective_permissions
from rbac.models import Binding, Scope, TeamGrant, UserGrant
from rbac.role_presenters import grouped, right_label, role_name


def holding_rows(
    actor: Actor, found: Sequence[Binding], *, slug: str, by_holder: bool, place: bool = True, may: bool | None = None
) -> list[dict[str, Any]]:
    """Bindings as rows; `by_holder`: whoever holds it stands first, else the role. `place`: where it is held is told.
    At most three queries."""
    places = selectors.place_names([row.scope for row in found]) if place else {}
    may = can(actor, "role:assign").allowed if may is None else may
    return [_holding(row, places.get(row.scope_id, ""), slug, may=may, by_holder=by_holder) for row in found]


def _holding(row: Binding, place: str, slug: str, *, may: bool, by_holder: bool) -> dict[str, Any]:
    holder, url, glyph = _("Everybody here"), "", "people"
    if row.user_id is not None:
        holder, url, glyph = str(row.user), reverse("rbac:person_access", args=[slug, row.user_id]), ""
    elif row.team is not None:
        holder = row.team.name
    name = role_name(row.role)
    over = row.expires_at is not None and row.expires_at <= clock.now()
    own = row.role.catalogue == "organisation" and row.scope.kind == Scope.Kind.ORGANISATION
    members = own and row.user_id is not None and row.expires_at is None and row.effect == "allow"
    return {
        "id": str(row.pk),
        "label": holder if by_holder else name,
        "url": url if by_holder else reverse("rbac:role", args=[slug, row.role_id]),
        "hue": (row.user_id or row.pk).int,
        "glyph": glyph if by_holder else "shield",
        "under": place if by_holder else _place_of(row, place, holder),
        "only": conditions_text(row.conditions),
        "role": name if by_holder else "",
        "states": _states(row, over=over),
        "ends": row.expires_at,
        "over": over,
        "reason": row.reason,
        "dialog": f"take-{row.pk}" if may and not members else "",
        "end_dialog": f"end-{row.pk}" if may and not members and not over else "",
        "hidden": [("do", "take"), ("binding", str(row.pk))],
        "end_hidden": [("do", "end"), ("binding", str(row.pk))],
    }


def _states(row: Binding, *, over: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if row.effect == "deny":
        found.append(("bad", _("Denied")))
    if row.is_suspended:
        found.append(("warn", _("Resting")))
    if row.conditions:
        found.append(("info", _("On conditions")))
    if over:
        found.append(("", _("Over")))
    return found


def holding_text(found: Sequence[Binding]) -> list[tuple[Binding, str]]:
    """Bindings each in a line, to choose from: who holds what where; at most three queries."""
    places = selectors.place_names([row.scope for row in found])
    told = []
    for row in found:
        holder = str(row.user) if row.user_id is not None else row.team.name if row.team is not None else _("Everybody")
        told.append((row, f"{holder} · {role_name(row.role)} · {places.get(row.scope_id, '')}"))
    return told


def _place_of(row: Binding, place: str, holder: str) -> str:
    """Where a person holds it; by whom, where that is not the person alone."""
    if row.user_id is not None:
        return place
    if row.team is not None:
        return _("%(place)s, through the team %(team)s") % {"place": place, "team": holder}
    return _("%(place)s, as every member") % {"place": place}


def grant_rows(
    actor: Actor, found: Sequence[UserGrant | TeamGrant], *, may: bool | None = None, by_object: bool = False
) -> list[dict[str, Any]]:
    """Rights on single objects as rows; `by_object`: the right stands first and what it is on below."""
    may = can(actor, "role:assign").allowed if may is None else may
    names = selectors.object_names(found) if by_object else {}
    return [_grant(row, may=may, name=names.get(row.object_id, "") if by_object else None) for row in found]


def _grant(row: UserGrant | TeamGrant, *, may: bool, name: str | None) -> dict[str, Any]:
    right = right_label(row.permission.codename)
    holder = str(row.user) if isinstance(row, UserGrant) else row.group.name
    over = row.expires_at is not None and row.expires_at <= clock.now()
    return {
        "id": str(row.pk),
        "label": right if name is not None else holder,
        "glyph": "key" if name is not None else "",
        "right": right if name is None else name,
        "only": conditions_text(row.conditions),
        "ends": row.expires_at,
        "over": over,
        "reason": row.reason,
        "hue": row.pk.int,
        "dialog": f"take-{row.pk}" if may else "",
        "hidden": [("do", "take-right"), ("grant", str(row.pk))],
    }


def held_rights(person_id: UUID, organisation_id: UUID | None) -> list[dict[str, Any]]:
    """What a person may do in the whole organisation, under headings, each with the role that gives or denies it and the
    way it comes; one query."""
    if organisation_id is None:
        return []
    found = {held.code: held for held in effective_permissions(person_id, [organisation_id])}
    known = [code for code in selectors.codes_in(organisation_id) if code in found]
    return [
        {"title": title, "rights": [_held(found[code], organisation_id) for code in codes]}
        for title, codes in grouped(known)
    ]


def _held(held: Held, organisation_id: UUID) -> dict[str, Any]:
    denying = [reason for reason in held.reasons if reason.denies]
    allowing = [reason for reason in held.reasons if not reason.denies]
    shown = denying or allowing[:1]
    return {
        "code": held.code,
        "label": right_label(held.code),
        "denied": bool(denying),
        "at_times": not denying and not held.allowed_on(organisation_id),
        "why": "; ".join(_why(reason) for reason in shown),
    }


def _why(reason: Reason) -> str:
    values = {"role": reason.role, "stated": reason.stated_by, "team": reason.team}
    told = _("%(role)s, by way of %(stated)s") % values if reason.inherited else reason.role
    return _("%(told)s, through the team %(team)s") % {"told": told, **values} if reason.team else told
