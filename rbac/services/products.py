"""What host products tell of themselves over the API: the product, its types of resources, and its modules.

The right is that to run the installation: a type, a code or a module is the same for every organisation.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import catalogue
from rbac.errors import TooManyTypes
from rbac.icons import PLAIN, icons
from rbac.models import INSTALLATION, Application, Module, Permission, ResourceType, Role
from rbac.services.applications import module_write, type_write
from rbac.services.codes import host_codes_add
from rbac.services.keepers import scope_lock
from rbac.services.stamps import stamp_bump
from rbac.tree_rules import check

RIGHT = "installation:admin"
TYPES, MODULES = 200, 100  # Of one product.
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Catalogues of roles that are no product's; an application of that name could not be told from them.
_TAKEN = frozenset({*catalogue.LOADED, Role.CUSTOM})


def application_put(*, actor: Actor, code: str, label: str) -> tuple[Application, bool]:
    """Register a host product, or change what it is called (`installation:admin`). Returns it, and whether it is new.

    Event `rbac.application.applied` when anything differs. From now on the files of a release leave its name alone.
    """
    authorise(actor, RIGHT)
    _check_code(code, _TAKEN)
    with writing():
        scope_lock(scope_id=INSTALLATION)
        found = Application.objects.filter(code=code).first()
        row = found or Application(code=code)
        changes = diff(row, {"label": label.strip()})
        row.label, row.is_registered = label.strip(), True
        check(row, ("label",))
        row.save()
        if found is None or changes:
            record("rbac.application.applied", target=row, changes=changes)
            stamp_bump(key=INSTALLATION)
    return row, found is None


def type_put(
    *, actor: Actor, application: Application, code: str, values: Mapping[str, Any]
) -> tuple[ResourceType, bool]:
    """Register a type of resources of a product or bring it up to `values` (`installation:admin`): label, label_plural,
    icon, in_navigation, navigation (roles of the product), position, and actions, for which the type gets codes.

    Returns it, and whether it is new. Fields that are absent stay as they are. Event `rbac.resource_type.applied` when
    anything differs. `Invalid` with fields, `TooManyTypes`.
    """
    authorise(actor, RIGHT)
    _check_code(code)
    given = dict(values)
    actions: Sequence[str] = given.pop("actions", ())
    _check_type(application, given, actions)
    with writing():
        scope_lock(scope_id=INSTALLATION)
        found = ResourceType.objects.select_related("application").filter(application=application, code=code).first()
        if found is None and ResourceType.objects.filter(application=application).count() >= TYPES:
            raise TooManyTypes
        draft = found or ResourceType(application=application, code=code, icon=PLAIN)
        stated = {name: given.get(name, getattr(draft, name)) for name in ("label", "label_plural", "icon")} | {
            name: given[name] for name in ("in_navigation", "navigation", "position") if name in given
        }
        check(ResourceType(application=application, code=code, **stated), ("label", "label_plural"))
        changed = type_write(application=application, code=code, values=stated, found=found)
        added = host_codes_add(application=application, codes=[f"{application.code}/{code}:{one}" for one in actions])
        row = ResourceType.objects.select_related("application").get(application=application, code=code)
        if added and row.module_id is not None:  # Its module has all of them.
            owned = Permission.objects.filter(code__startswith=f"{application.code}/{code}:")
            owned.filter(module=None).update(module=row.module)
        if not row.is_registered:
            row.is_registered = True
            row.save(update_fields=["is_registered"])
        if changed or added:
            stamp_bump(key=INSTALLATION)
    return row, found is None


def module_put(*, actor: Actor, application: Application, code: str, values: Mapping[str, Any]) -> tuple[Module, bool]:
    """Register a module of a product or bring it up to `values` (`installation:admin`): label, description,
    on_by_default, position, the codes of its permissions, and those of its types, whose permissions are in it too.

    Returns it, and whether it is new. Event `rbac.module.applied` when anything differs: from the very next check on,
    organisations that have it switched off do not hold what came into it. A code or type that is in another module
    is `Invalid`.
    """
    authorise(actor, RIGHT)
    _check_code(code)
    given = dict(values)
    with writing():
        scope_lock(scope_id=INSTALLATION)
        found = Module.objects.filter(application=application, code=code).first()
        if found is None and Module.objects.filter(application=application).count() >= MODULES:
            raise TooManyTypes
        types = _types_of_module(application, found, sorted(set(given.pop("types", ()))))
        codes = _codes_of_module(application, found, types, sorted(set(given.pop("permissions", ()))))
        draft = found or Module(application=application, code=code)
        stated = {
            name: given.get(name, getattr(draft, name))
            for name in ("label", "description", "on_by_default", "position")
        }
        check(Module(application=application, code=code, **stated), ("label", "description"))
        row, changed = module_write(
            application=application, code=code, values=stated, found=found, types=types, codes=codes
        )
        if not row.is_registered:
            row.is_registered = True
            row.save(update_fields=["is_registered"])
        if changed:
            stamp_bump(key=INSTALLATION)
    return row, found is None


def _check_code(code: str, taken: frozenset[str] = frozenset()) -> None:
    if not _CODE.fullmatch(code):
        told = _("Begin with a letter a to z; then letters, digits and underscores, 40 characters at most.")
        raise errors.Invalid(fields={"code": [told]})
    if code in taken:
        raise errors.Invalid(fields={"code": [_("Steward itself is called so. Choose another code.")]})


def _check_type(application: Application, given: Mapping[str, Any], actions: Sequence[str]) -> None:
    wrong: dict[str, list[str]] = {}
    if "icon" in given and given["icon"] not in icons():
        wrong["icon"] = [
            _("There is no such drawing. Choose one of: %(icons)s.") % {"icons": ", ".join(sorted(icons()))}
        ]
    known = set(Role.objects.filter(application=application).values_list("code", flat=True))
    if unknown := sorted(set(given.get("navigation", ())) - known):
        wrong["navigation"] = [_("The product has no role %(role)s.") % {"role": unknown[0]}]
    if unknown := sorted(set(actions) - set(catalogue.ACTIONS.values())):
        wrong["actions"] = [_("There is no action %(action)s.") % {"action": unknown[0]}]
    if wrong:
        raise errors.Invalid(fields=wrong)


def _types_of_module(application: Application, module: Module | None, wanted: list[str]) -> list[str]:
    rows = dict(ResourceType.objects.filter(application=application).values_list("code", "module_id"))
    _check_parts("types", wanted, rows, module)
    return wanted


def _codes_of_module(
    application: Application, module: Module | None, types: Sequence[str], wanted: list[str]
) -> list[str]:
    rows = dict(Permission.objects.filter(application=application).values_list("code", "module_id"))
    prefixes = tuple(f"{application.code}/{one}:" for one in types)
    every = sorted({*wanted, *(code for code in rows if code.startswith(prefixes))}) if prefixes else wanted
    _check_parts("permissions", every, rows, module)
    return every


def _check_parts(field: str, wanted: Sequence[str], rows: Mapping[str, Any], module: Module | None) -> None:
    for code in wanted:
        if code not in rows:
            raise errors.Invalid(fields={field: [_("The product has no %(code)s.") % {"code": code}]})
        if rows[code] is not None and (module is None or rows[code] != module.pk):
            raise errors.Invalid(fields={field: [_("%(code)s is in another module.") % {"code": code}]})
