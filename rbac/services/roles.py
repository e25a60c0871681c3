"""Bringing permissions and ready-made roles up to date."""

from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac import catalogue
from rbac.models import INSTALLATION, Application, Permission, Role, RolePermission, Scope
from rbac.services.applications import modules_apply, types_apply
from rbac.services.codes import applications_sync, permissions_sync
from rbac.services.stamps import stamp_bump


def roles_apply(*, actor: Actor) -> dict[str, int]:
    """Bring permissions, host products and ready-made roles up to the declarations and `roles.yaml`. Idempotent.

    An event per changed role and product.
    Returns how many permissions and roles were added or changed. Removed codes leave their roles; their numbers stay.
    """
    authorise(actor, "role:admin")
    with writing():
        Scope.objects.get_or_create(id=INSTALLATION, defaults={"kind": Scope.Kind.INSTALLATION, "parent": None})
        hosts = applications_sync()
        typed = types_apply()
        added = permissions_sync()
        parts = modules_apply()
        changed = sum(_apply_role(spec) for spec in (*catalogue.roles(), *catalogue.host_roles()))
        if added or changed or hosts or typed or parts:
            stamp_bump(key=INSTALLATION)
    return {"permissions": added, "roles": changed}


def _apply_role(spec: catalogue.RoleSpec) -> bool:
    below = Role.objects.get(catalogue=spec.catalogue, code=spec.inherits) if spec.inherits else None
    role = Role.objects.filter(catalogue=spec.catalogue, code=spec.code).first()
    before: list[str] = []
    if role is None:
        role = Role.objects.create(
            catalogue=spec.catalogue,
            code=spec.code,
            label=spec.label,
            rank=spec.rank,
            inherits=below,
            application=Application.objects.get(code=spec.application) if spec.application else None,
        )
        fresh = True
    else:
        before = sorted(role.permissions.values_list("permission__code", flat=True))
        fresh = (role.label, role.rank, role.inherits_id) != (spec.label, spec.rank, below.pk if below else None)
        if fresh:
            role.label, role.rank, role.inherits = spec.label, spec.rank, below
            role.save(update_fields=["label", "rank", "inherits"])
    after = sorted(spec.codes)
    if before != after:
        role.permissions.exclude(permission__code__in=after).delete()
        held = set(role.permissions.values_list("permission__code", flat=True))
        numbers = dict(Permission.objects.filter(code__in=set(after) - held).values_list("code", "number"))
        RolePermission.objects.bulk_create(
            RolePermission(role=role, permission_id=number) for number in numbers.values()
        )
    if fresh or before != after:
        record("rbac.role.applied", target=role, changes={"permissions": (before, after)})
        return True
    return False
