"""Bringing the rows of permissions up to what rooms declare and host products state."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission as AuthPermission
from django.contrib.contenttypes.models import ContentType

from portal.kit import registry
from portal.kit.record import record
from portal.kit.services import writing
from rbac import catalogue
from rbac.grantable import GRANTABLE, grantable_model
from rbac.models import INSTALLATION, Application, Permission
from rbac.services.keepers import scope_lock

__all__ = ["GRANTABLE", "applications_sync", "grantable_model", "permissions_sync"]


def applications_sync() -> int:
    """Bring host products up to `roles.yaml`; part of `roles_apply`. Event `rbac.application.applied` for each that was
    added or changed; returns how many."""
    changed = 0
    with writing():
        for spec in catalogue.hosts():
            row = Application.objects.filter(code=spec.code).first()
            after: dict[str, Any] = {"label": spec.label, "navigation": dict(spec.navigation)}
            if row is not None and row.is_registered:
                del after["label"]  # As the product itself told it.
            before = {name: getattr(row, name) for name in after} if row is not None else dict.fromkeys(after)
            if before == after:
                continue
            row = row or Application(code=spec.code)
            for name, value in after.items():
                setattr(row, name, value)
            row.save()
            record(
                "rbac.application.applied",
                target=row,
                changes={name: (before[name], value) for name, value in after.items() if before[name] != value},
            )
            changed += 1
    return changed


def permissions_sync() -> int:
    """Give every declared code and every code of a host product its number; part of `roles_apply`. How many were added.

    A code that can be granted on one object is also written as a permission of Django, which guardian refers to.
    """
    with writing():
        scope_lock(scope_id=INSTALLATION)
        owners = dict(Application.objects.values_list("code", "pk"))
        wanted = {spec.code: None for spec in registry.permissions} | {
            code: owners[host.code] for host in catalogue.hosts() for code in host.codes
        }
        known = dict(Permission.objects.values_list("code", "number"))
        first = max(known.values(), default=-1) + 1
        missing = sorted(wanted.keys() - known.keys(), key=lambda code: ("/" in code, code))
        Permission.objects.bulk_create(
            Permission(number=first + offset, code=code, application_id=wanted[code])
            for offset, code in enumerate(missing)
        )
        _tell_guardian(wanted)
    return len(missing)


def host_codes_add(*, application: Application, codes: Iterable[str]) -> int:
    """Give codes that a host product registers their numbers; part of the service that registers its types. How many
    were added. Codes stay, since roles may hold them."""
    with writing():
        scope_lock(scope_id=INSTALLATION)  # One at a time: the number of a code is the next one.
        known = dict(Permission.objects.values_list("code", "number"))
        first = max(known.values(), default=-1) + 1
        missing = sorted(set(codes) - known.keys())
        Permission.objects.bulk_create(
            Permission(number=first + offset, code=code, application=application) for offset, code in enumerate(missing)
        )
        _tell_guardian(missing)
    return len(missing)


def _tell_guardian(codes: Iterable[str]) -> None:
    models = {code: model for code in codes if (model := grantable_model(code=code)) is not None}
    rows = list(Permission.objects.filter(code__in=models, auth_permission=None))
    for row in rows:
        kind = ContentType.objects.get_for_model(models[row.code])
        row.auth_permission, _made = AuthPermission.objects.get_or_create(
            content_type=kind, codename=row.code, defaults={"name": row.code}
        )
    Permission.objects.bulk_update(rows, ["auth_permission"])
