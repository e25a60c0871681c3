"""Writing roles, bindings and stamps."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac import catalogue, decision, selectors
from rbac.errors import CannotDelegate, LastAdministrator
from rbac.models import INSTALLATION, Binding, Permission, Role, RolePermission, Scope


def stamp_bump(*, key: UUID) -> None:
    """Raise the epoch of a person or scope in the running transaction; call it with any change that alters decisions."""
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rbac_stamp (key, epoch) VALUES (%s, 1) ON CONFLICT (key) DO UPDATE SET epoch = rbac_stamp.epoch + 1",
            [key],
        )
    decision.mark_changed()


def roles_apply(*, actor: Actor) -> dict[str, int]:
    """Bring permissions and ready-made roles up to the declarations and `roles.yaml`. Idempotent; an event per changed role.

    Returns how many permissions and roles were added or changed. Removed codes leave their roles; their numbers stay.
    """
    authorise(actor, "role:admin")
    with writing():
        Scope.objects.get_or_create(id=INSTALLATION, defaults={"kind": Scope.Kind.INSTALLATION, "parent": None})
        added = _sync_permissions()
        changed = sum(_apply_role(spec) for spec in catalogue.roles())
        if added or changed:
            stamp_bump(key=INSTALLATION)
    return {"permissions": added, "roles": changed}


def binding_grant(*, actor: Actor, person_id: UUID, role: Role, reason: str = "") -> Binding:
    """Give a person a role on the installation. Nobody gives what they lack or what ranks above them.

    Event `rbac.binding.granted`. Giving a role that is held already changes nothing.
    """
    authorise(actor, "role:admin")
    _may_delegate(actor, role)
    with writing():
        binding, created = Binding.objects.get_or_create(
            user_id=person_id,
            scope_id=INSTALLATION,
            role=role,
            defaults={"reason": reason, "granted_by": actor.id},
        )
        if created:
            stamp_bump(key=person_id)
            record(
                "rbac.binding.granted",
                target=get_user_model().objects.get(pk=person_id),
                reason=reason,
                data={"role": role.code, "role_label": role.label},
            )
    return binding


def binding_revoke(*, actor: Actor, person_id: UUID, role: Role, reason: str = "") -> bool:
    """Take a role of the installation from a person; the very next check knows. Event `rbac.binding.revoked`.

    The last active super administrator keeps the role (`LastAdministrator`). Returns whether it was held.
    """
    authorise(actor, "role:admin")
    _may_delegate(actor, role)
    with writing():
        if role.code == "super_admin":
            administrators_lock()
            if selectors.holders_of("super_admin") == [person_id]:
                raise LastAdministrator
        deleted, _ = Binding.objects.filter(user_id=person_id, scope_id=INSTALLATION, role=role).delete()
        if deleted:
            stamp_bump(key=person_id)
            record(
                "rbac.binding.revoked",
                target=get_user_model().objects.get(pk=person_id),
                reason=reason,
                data={"role": role.code, "role_label": role.label},
            )
    return bool(deleted)


def administrators_lock() -> None:
    """Let only one transaction at a time take away a super administrator, or two could remove the last two at once."""
    Role.objects.select_for_update().get(catalogue="platform", code="super_admin")


def _may_delegate(actor: Actor, role: Role) -> None:
    if actor.kind == "system":
        return
    if actor.id is None:
        raise CannotDelegate
    wanted = 0
    step: Role | None = role
    while step is not None:
        for number in step.permissions.filter(effect="allow").values_list("permission_id", flat=True):
            wanted |= 1 << number
        step = step.inherits
    if role.rank > selectors.rank_of(actor.id) or wanted & ~decision.held_bits(actor.id):
        raise CannotDelegate


def _sync_permissions() -> int:
    known = dict(Permission.objects.values_list("code", "number"))
    missing = [spec.code for spec in registry.permissions if spec.code not in known]
    first = max(known.values(), default=-1) + 1
    Permission.objects.bulk_create(
        Permission(number=first + offset, code=code) for offset, code in enumerate(sorted(missing))
    )
    return len(missing)


def _apply_role(spec: catalogue.RoleSpec) -> bool:
    below = Role.objects.get(catalogue=spec.catalogue, code=spec.inherits) if spec.inherits else None
    role = Role.objects.filter(catalogue=spec.catalogue, code=spec.code).first()
    before: list[str] = []
    if role is None:
        role = Role.objects.create(
            catalogue=spec.catalogue, code=spec.code, label=spec.label, rank=spec.rank, inherits=below
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


def bindings_purge(*, people: Sequence[UUID]) -> int:
    """Take every binding of people who are about to be removed altogether; part of that service, which records it."""
    with writing():
        deleted, _ = Binding.objects.filter(user_id__in=people).delete()
        for person_id in people if deleted else ():
            stamp_bump(key=person_id)
    return deleted
