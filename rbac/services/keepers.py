"""Scopes, and who must never be missing on them: a super administrator of the installation, an owner of an organisation."""

from collections.abc import Container, Iterable
from uuid import UUID

from portal.kit.context import Actor
from portal.kit.services import writing
from rbac import decision
from rbac.delegation import authorise_in
from rbac.errors import LastOwner
from rbac.models import INSTALLATION, Role, Scope
from rbac.selectors import owners


def scope_ensure(*, organisation_id: UUID) -> Scope:
    """The scope of an organisation, made where it is missing; part of the service that makes the organisation."""
    with writing():
        scope, _created = Scope.objects.get_or_create(
            id=organisation_id,
            defaults={
                "kind": Scope.Kind.ORGANISATION,
                "parent_id": INSTALLATION,
                "organisation_id": organisation_id,
            },
        )
    return scope


def administrators_lock() -> None:
    """Let only one transaction at a time take away a super administrator, or two could remove the last two at once."""
    Role.objects.select_for_update().get(catalogue="platform", code="super_admin")


def scope_lock(*, scope_id: UUID) -> None:
    """Let only one transaction at a time change who holds what on a scope; it also counts its owners."""
    # In the order of foreign keys: a binding that is written meanwhile shares the row, and only a deletion waits.
    list(Scope.objects.select_for_update(no_key=True).filter(pk=scope_id))


def rights_hold(*, scope_id: UUID) -> None:
    """`scope_lock`, and what was known of rights is read anew: what is asked after it holds until this transaction ends,
    since whatever takes a right away takes the same lock. Nothing may have been written before it."""
    scope_lock(scope_id=scope_id)
    decision.forget_stamps()


def scope_hold(*, actor: Actor, code: str, scope: Scope) -> None:
    """`rights_hold` on the organisation of `scope` (or the installation), and then the question again whether `actor` may
    do `code` there, at stamps that are read anew: who lost the right while this waited is refused (`Forbidden`).

    The answer holds until this transaction ends. Nothing may have been written before it.
    """
    rights_hold(scope_id=scope.organisation_id or INSTALLATION)
    authorise_in(actor, code, scope)


def owners_guard(*, person_id: UUID, scope_id: UUID) -> None:
    """Raise `LastOwner` when the person is the only active owner of an organisation. Locks its scope: what follows in
    this transaction cannot be overtaken by another that takes the other owner away."""
    scope_lock(scope_id=scope_id)
    if set(owners().filter(scope_id=scope_id).values_list("user_id", flat=True)) == {person_id}:
        raise LastOwner


def owners_guard_everywhere(*, people: Iterable[UUID], besides: Container[UUID] = ()) -> None:
    """Raise `LastOwner` when an organisation would be without an active owner once all these people are gone; those
    `besides` need none any more."""
    gone = set(people)
    scopes = sorted(set(owners().filter(user_id__in=gone).values_list("scope_id", flat=True)))
    for scope_id in scopes:  # In one order for everybody, or two of these would wait for each other.
        if scope_id in besides:
            continue
        scope_lock(scope_id=scope_id)
        if set(owners().filter(scope_id=scope_id).values_list("user_id", flat=True)) <= gone:
            raise LastOwner
