"""Roles and what they say, as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import registry
from portal.kit.context import Actor
from rbac import access_selectors as selectors
from rbac import catalogue
from rbac.access_selectors import Stated
from rbac.models import Role

PARTS = ("organisation", *catalogue.HOSTS)


def role_name(role: Role) -> str:
    """A role's name, with the host product that it is of."""
    return f"{role.application.label}: {role.label}" if role.application is not None else role.label


def kind_of(role: Role) -> tuple[str, str]:
    """Tone and word of where a role comes from."""
    if role.catalogue == Role.CUSTOM:
        return "info", _("Own")
    return "", role.application.label if role.application is not None else _("Ready-made")


def rank_label(rank: int) -> str:
    """The ready-made role of organisations that has this rank, which says more than a number."""
    names = {spec.rank: spec.label for spec in catalogue.roles() if spec.catalogue == "organisation"}
    return names.get(rank, _("Below all"))


@dataclass(frozen=True)
class RoleRow:
    """One role in a list."""

    role: Role
    url: str
    held: int
    rights: int

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.role.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return role_name(self.role)

    @property
    def about(self) -> str:
        """What it is for, or its code."""
        return self.role.description or self.role.code

    @property
    def kind_tone(self) -> str:
        """Tone of the chip."""
        return kind_of(self.role)[0]

    @property
    def kind(self) -> str:
        """Word of the chip."""
        return kind_of(self.role)[1]

    @property
    def rank(self) -> str:
        """How high it stands."""
        return rank_label(self.role.rank)

    @property
    def inherits(self) -> str:
        """The role that it inherits."""
        return role_name(self.role.inherits) if self.role.inherits is not None else ""


def role_rows(actor: Actor, roles: Sequence[Role]) -> list[RoleRow]:
    """Rows of a list; two queries."""
    if actor.organisation_id is None:
        return []
    counts = selectors.holder_counts(roles, actor.organisation_id)
    rights = selectors.effective_rights(roles)
    slug = selectors.slug_here(actor)
    return [
        RoleRow(
            role,
            reverse("rbac:role", args=[slug, role.pk]),
            counts.get(role.pk, 0),
            sum(stated.effect == "allow" for stated in rights[role.pk].values()),
        )
        for role in roles
    ]


def right_label(code: str) -> str:
    """A right in words: as its room declares it, or for a host product noun and verb."""
    if code in registry.permissions:
        return str(registry.permissions.get(code).label)
    noun, _colon, verb = code.partition("/")[2].partition(":")
    return f"{noun.replace('_', ' ').capitalize()}: {verb}"


def group_of(code: str) -> str:
    """The heading that a right stands under."""
    words = {
        "users": _("People"),
        "organisations": _("Organisation"),
        "modules": _("Modules"),
        "data": _("Data"),
        "system": _("System"),
        "security": _("Security"),
        "billing": _("Billing"),
    }
    if code in registry.permissions:
        return words[registry.permissions.get(code).category]
    application, _slash, rest = code.partition("/")
    return f"{application.replace('_', ' ').capitalize()}: {rest.partition(':')[0].replace('_', ' ')}"


def part_of(code: str) -> str:
    """Whose right it is: Steward's in organisations, or the code of a host product."""
    return code.partition("/")[0] if "/" in code else "organisation"


def grouped(codes: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Codes under their headings, in the order of the headings' first codes."""
    found: dict[str, list[str]] = {}
    for code in codes:
        found.setdefault(group_of(code), []).append(code)
    return sorted(found.items())


def right_groups(rights: Mapping[str, Stated]) -> list[dict[str, Any]]:
    """What one role says, under headings, for its page."""
    return [
        {
            "title": title,
            "rights": [
                {
                    "code": code,
                    "label": right_label(code),
                    "denied": rights[code].effect == "deny",
                    "by": rights[code].by if rights[code].inherited else "",
                }
                for code in codes
            ],
        }
        for title, codes in grouped(sorted(rights))
    ]


@dataclass(frozen=True)
class Cell:
    """A right of a role in the matrix. `own` is what the role itself says, or shall say by the form, `was` what is
    stored, `effect` what counts with all it inherits."""

    name: str
    own: str
    effect: str
    editable: bool
    label: str
    was: str = ""


def matrix(
    roles: Sequence[Role],
    codes: Sequence[str],
    *,
    editable: Sequence[Role],
    sent: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The rows of the matrix under their headings. `sent`: what a form says of cells, by name. Two queries."""
    own, effective = selectors.rights_of(roles), selectors.effective_rights(roles)
    may = {role.pk for role in editable}
    return [
        {
            "title": title,
            "rows": [
                {
                    "code": code,
                    "label": right_label(code),
                    "cells": [_cell(role, code, own, effective, may=may, sent=sent or {}) for role in roles],
                }
                for code in group
            ],
        }
        for title, group in grouped(codes)
    ]


def cell_name(role: Role, code: str) -> str:
    """The name of the field of a cell."""
    return f"{role.pk}|{code}"


def _cell(role: Role, code: str, own: Any, effective: Any, *, may: set[Any], sent: Mapping[str, str]) -> Cell:
    stated = own[role.pk].get(code, "")
    name = cell_name(role, code)
    counts = effective[role.pk].get(code)
    label = _("%(right)s for %(role)s") % {"right": right_label(code), "role": role_name(role)}
    value = sent.get(name, stated)
    return Cell(name, value, counts.effect if counts else "", role.pk in may, label, stated)


def compared(first: Mapping[str, str], second: Mapping[str, str]) -> list[dict[str, Any]]:
    """Two sets of rights side by side, under headings: code to "allow" or "deny"."""
    codes = sorted(first.keys() | second.keys())
    return [
        {
            "title": title,
            "rows": [
                {
                    "code": code,
                    "label": right_label(code),
                    "first": first.get(code, ""),
                    "second": second.get(code, ""),
                    "differs": first.get(code, "") != second.get(code, ""),
                }
                for code in group
            ],
        }
        for title, group in grouped(codes)
    ]
