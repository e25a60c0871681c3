"""Giving and taking roles of the installation, with the rules that protect persons; rbac writes the bindings."""

from accounts.errors import Erased, RootProtected
from accounts.models import User
from accounts.services.developers import developer_role_apart
from accounts.services.guards import guard
from portal.kit.context import Actor
from portal.kit.decision import authorise
from rbac import services as rbac
from rbac.models import Role


def role_give(*, actor: Actor, user: User, role: Role, reason: str = "") -> None:
    """Give a person a role of the installation. Event `rbac.binding.granted`; nothing when it is held already.

    Refused for the root administrator, for whom ranks above the actor, for roles that the actor may not give, and for
    the developer role (`developer_role_give`).
    """
    authorise(actor, "role:admin", user)
    guard(actor, user)
    developer_role_apart(role=role)
    if user.erased_at is not None:
        raise Erased
    rbac.binding_grant(actor=actor, person_id=user.pk, role=role, reason=reason)


def role_take(*, actor: Actor, user: User, role: Role, reason: str = "") -> None:
    """Take a role of the installation from a person; its next request knows. Event `rbac.binding.revoked`.

    Refused as in `role_give`, and for the last super administrator. The root administrator keeps its roles: it could
    otherwise lock itself out, and only the host shell would let it in again.
    """
    authorise(actor, "role:admin", user)
    guard(actor, user)
    if user.is_root and actor.kind != "system":
        raise RootProtected
    rbac.binding_revoke(actor=actor, person_id=user.pk, role=role, reason=reason)
