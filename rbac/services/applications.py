"""The types of resources and the modules of the host products, as the files of the release have them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac.models import Application, Module, Permission, ResourceType

DATA = Path(__file__).resolve().parent.parent / "data"
FIELDS = ("label", "label_plural", "icon", "in_navigation", "navigation", "position")
MODULE_FIELDS = ("label", "description", "on_by_default", "position")


def types_apply() -> int:
    """Bring applications and their types up to `roles.yaml` and `types.yaml`; part of `roles_apply`. Idempotent.

    Event `rbac.resource_type.applied` for each that is new or changed; returns how many. A type that left the files
    stays, since resources may be of it; one that its product registered is left as the product told it.
    """
    shown = yaml.safe_load((DATA / "types.yaml").read_text("utf-8"))
    catalogues = yaml.safe_load((DATA / "roles.yaml").read_text("utf-8"))
    changed = 0
    with writing():
        for code, spec in shown.items():
            _as_in_catalogue(code, spec, catalogues)
            application, _made = Application.objects.get_or_create(code=code, defaults={"label": spec["label"]})
            known = {row.code: row for row in ResourceType.objects.filter(application=application)}
            for position, (name, values) in enumerate(spec["types"].items()):
                found = known.get(name)
                if found is not None and found.is_registered:
                    continue
                roles = _navigation(name, catalogues.get(code, {}).get("navigation", {}))
                stated = _values(values, position) | {"navigation": roles}
                changed += type_write(application=application, code=name, values=stated, found=found)
    return changed


def modules_apply() -> int:
    """Bring the modules up to `modules.yaml`; part of `roles_apply`, after permissions and types. Idempotent.

    A module takes the types that it names with all their permissions. Event `rbac.module.applied` for each that is new
    or changed; returns how many. What a product registered is left as the product told it.
    """
    shown = yaml.safe_load((DATA / "modules.yaml").read_text("utf-8"))
    changed = 0
    with writing():
        for code, modules in shown.items():
            application = Application.objects.get(code=code)
            known = {row.code: row for row in Module.objects.filter(application=application)}
            for position, (name, values) in enumerate(modules.items()):
                found = known.get(name)
                if found is not None and found.is_registered:
                    continue
                stated = {
                    "label": values["label"],
                    "description": values.get("description", ""),
                    "on_by_default": values.get("on_by_default", True),
                    "position": position,
                }
                owned = [one for one in Permission.objects.filter(application=application) if _of(one, values["types"])]
                _row, fresh = module_write(
                    application=application,
                    code=name,
                    values=stated,
                    found=found,
                    types=values["types"],
                    codes=[one.code for one in owned],
                )
                changed += fresh
    return changed


def _of(permission: Permission, types: list[str]) -> bool:
    return permission.code.partition("/")[2].partition(":")[0] in types


def module_write(
    *,
    application: Application,
    code: str,
    values: Mapping[str, Any],
    found: Module | None,
    types: list[str],
    codes: list[str],
) -> tuple[Module, bool]:
    """Make a module or bring it up to `values`, with just these types and permissions of its product; inside `writing()`
    of a service that authorised. Event `rbac.module.applied` when anything differs, which is the second answer."""
    row = found
    if row is None:
        row = Module.objects.create(application=application, code=code, **values)
        changes: dict[str, tuple[Any, Any]] = {name: (None, values[name]) for name in MODULE_FIELDS if name in values}
    else:
        changes = diff(row, values)
        for name, (_before, after) in changes.items():
            setattr(row, name, after)
        if changes:
            row.save(update_fields=list(changes))
    for name, rows, wanted in (
        ("permissions", Permission.objects.filter(application=application), codes),
        ("types", ResourceType.objects.filter(application=application), types),
    ):
        before = sorted(rows.filter(module=row).values_list("code", flat=True))
        if before != sorted(wanted):
            rows.filter(module=row).exclude(code__in=wanted).update(module=None)
            rows.filter(code__in=wanted).update(module=row)
            changes[name] = (before, sorted(wanted))
    if changes:
        record("rbac.module.applied", target=row, changes=changes)
    return row, bool(changes)


def _as_in_catalogue(code: str, spec: dict[str, Any], catalogues: dict[str, Any]) -> None:
    """Stop where the two files name different types: a right without a thing, or a thing without rights. A product that
    the catalogue does not have at all has no rights of its own: those of Steward count on its things."""
    if code in catalogues and set(spec["types"]) != set(catalogues[code]["resources"]):
        raise ImproperlyConfigured(f"types.yaml and roles.yaml name different resources of {code}.")


def _values(values: dict[str, Any], position: int) -> dict[str, Any]:
    return {
        "label": values["label"],
        "label_plural": values["plural"],
        "icon": values["icon"],
        "in_navigation": bool(values.get("in_navigation", False)),
        "position": position,
    }


def _navigation(code: str, stated: Mapping[str, Any]) -> list[str]:
    """The roles in whose navigation a type stands; the file names it by its code or by more than one of it."""
    return [role for role, entries in stated.items() if entries == "all" or {code, f"{code}s"} & set(entries)]


def type_write(*, application: Application, code: str, values: Mapping[str, Any], found: ResourceType | None) -> bool:
    """Make a type or bring it up to `values`; inside `writing()` of a service that authorised. Event
    `rbac.resource_type.applied` when anything differs, which is the answer."""
    if found is None:
        row = ResourceType.objects.create(application=application, code=code, **values)
        changes = {name: (None, values[name]) for name in FIELDS if name in values}
    else:
        row, changes = found, diff(found, values)
        if not changes:
            return False
        for name, (_before, after) in changes.items():
            setattr(row, name, after)
        row.save(update_fields=list(changes))
    record("rbac.resource_type.applied", target=row, changes=changes)
    return True
