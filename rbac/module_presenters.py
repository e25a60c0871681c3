"""Modules of host products as pages show them."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.templatetags.kit import count
from rbac.models import Module
from rbac.module_selectors import Adoption, Use


def rights_text(module: Module) -> str:
    """How many permissions belong to it, in words; needs them read."""
    number = len(module.permissions.all())
    return ngettext("%(n)s permission", "%(n)s permissions", number) % {"n": count(number)}


def types_text(module: Module) -> str:
    """The types that belong to it."""
    return ", ".join(kind.label_plural for kind in module.types.all())


def module_groups(found: Sequence[tuple[Module, bool]], *, may: bool) -> list[dict[str, Any]]:
    """The modules of an organisation by their product, each with the switch that may be pressed."""
    return [
        {"label": label, "modules": [_module(row, is_on, may=may) for row, is_on in rows]}
        for label, rows in groupby(found, key=lambda one: one[0].application.label)
    ]


def _module(row: Module, is_on: bool, *, may: bool) -> dict[str, Any]:
    dialog = f"off-{row.pk}" if is_on else f"on-{row.pk}"
    return {
        "label": row.label,
        "about": row.description,
        "types": types_text(row),
        "rights": rights_text(row),
        "tone": "ok" if is_on else "",
        "state": _("On") if is_on else _("Off"),
        "dialog": dialog if may else "",
        "press": _("Switch %(module)s off") % {"module": row} if is_on else _("Switch %(module)s on") % {"module": row},
        "is_on": is_on,
    }


def module_dialogs(found: Sequence[tuple[Module, bool]], url: str) -> list[dict[str, Any]]:
    """What the switches open."""
    return [_off(row, url) if is_on else _on(row, url) for row, is_on in found]


def _off(row: Module, url: str) -> dict[str, Any]:
    return {
        "id": f"off-{row.pk}",
        "url": url,
        "title": _("Switch %(module)s off?") % {"module": row},
        "text": _(
            "From the next check on nobody in this organisation holds its permissions, whatever their roles say. "
            "Roles stay as they are and count again once it is on."
        ),
        "confirm_label": _("Switch off"),
        "glyph": "power",
        "hidden": [("module", str(row.pk)), ("do", "off")],
    }


def _on(row: Module, url: str) -> dict[str, Any]:
    return {
        "id": f"on-{row.pk}",
        "url": url,
        "title": _("Switch %(module)s on?") % {"module": row},
        "text": _("Whoever holds a role with its permissions may use them from the next check on."),
        "confirm_label": _("Switch on"),
        "tone": "primary",
        "glyph": "power",
        "hidden": [("module", str(row.pk)), ("do", "on")],
    }


def adoption_row(one: Adoption) -> dict[str, Any]:
    """A module in the list of the platform."""
    return {
        "label": one.module.label,
        "product": one.module.application.label,
        "url": reverse("rbac:platform_module", args=[one.module.pk]),
        "has": one.has,
        "uses": len(one.uses),
        "runs": one.runs,
        "resources": one.resources,
    }


def adoption_facts(one: Adoption) -> list[dict[str, Any]]:
    """What is known of a module."""
    row = one.module
    return [
        {"label": _("Product"), "value": row.application.label},
        {"label": _("Code"), "value": f"{row.application.code}/{row.code}", "mono": True},
        {"label": _("Without a choice it is"), "value": _("on") if row.on_by_default else _("off")},
        {"label": _("Types"), "value": types_text(row) or _("none")},
        {"label": _("Permissions"), "value": len(row.permissions.all())},
        {"label": _("Organisations that have it"), "value": one.has},
        {"label": _("Organisations that use it"), "value": len(one.uses)},
    ]


def use_row(use: Use) -> dict[str, Any]:
    """An organisation that uses a module."""
    return {
        "label": use.label,
        "url": f"/platform/organisations/{use.organisation_id}",
        "runs": use.runs,
        "resources": use.resources,
        "last": use.last,
    }
