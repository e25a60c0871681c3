"""Rules for separated duties, and who breaks them, as pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.templatetags.kit import count
from rbac.duties import CODE, Conflict, Item
from rbac.models import DutyRule, Role
from rbac.ready_duties import ready_rules
from rbac.role_presenters import right_label, role_name


def conflicts_text(number: int) -> str:
    """So many people, in words."""
    return ngettext("%(n)s conflict", "%(n)s conflicts", number) % {"n": count(number)}


def _named(items: Iterable[Item], roles: Sequence[Role]) -> list[str]:
    known = {str(role.pk): role_name(role) for role in roles}
    return [right_label(item) if kind == CODE else known.get(item, _("A role that is gone")) for kind, item in items]


def _side(codes: Iterable[str], keys: Iterable[str], roles: Sequence[Role]) -> list[str]:
    return _named([*((CODE, code) for code in codes), *(("role", key) for key in keys)], roles)


def rule_rows(
    rules: Sequence[DutyRule], found: Sequence[Conflict], roles: Sequence[Role], edit: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """Rules as rows; `edit` has the addresses for whom may change them."""
    rows = []
    for rule in rules:
        number = sum(conflict.rule.pk == rule.pk for conflict in found)
        state = ("", _("Off")) if not rule.is_active else ("ok", _("Kept"))
        if number:
            state = ("bad", conflicts_text(number))
        rows.append(
            {
                "id": str(rule.pk),
                "label": rule.name,
                "text": rule.description,
                "one": _side(rule.one_codes, rule.one_roles, roles),
                "other": _side(rule.other_codes, rule.other_roles, roles),
                "state": state,
                "is_active": rule.is_active,
                "edit_url": edit.get(rule.pk, ""),
                "dialog": f"delete-{rule.pk}" if rule.pk in edit else "",
                "hidden": [("do", "delete"), ("rule", str(rule.pk))],
                "delete_title": _("Delete the rule %(name)s?") % {"name": rule.name},
            }
        )
    return rows


def conflict_rows(
    found: Sequence[Conflict], names: Mapping[UUID, str], roles: Sequence[Role], slug: str
) -> list[dict[str, Any]]:
    """Who breaks which rule, and with what; `slug` of the organisation, empty for the installation."""
    rows = [
        {
            "label": names.get(conflict.person_id, ""),
            "url": reverse("rbac:person_access", args=[slug, conflict.person_id])
            if slug
            else reverse("accounts:person", args=[conflict.person_id]),
            "hue": conflict.person_id.int,
            "rule": conflict.rule.name,
            "one": _named(conflict.one, roles),
            "other": _named(conflict.other, roles),
        }
        for conflict in found
    ]
    return sorted(rows, key=lambda row: (str(row["label"]), str(row["rule"])))


def ready_rows(rules: Sequence[DutyRule], *, inside: bool) -> list[dict[str, Any]]:
    """The ready-made rules that are not there yet."""
    there = {rule.ready for rule in rules}
    return [
        {"code": spec.code, "label": spec.name, "text": spec.description}
        for spec in ready_rules(inside=inside)
        if spec.code not in there
    ]
