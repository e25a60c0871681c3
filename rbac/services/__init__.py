"""Writing roles, bindings and stamps."""

from rbac.services.bindings import (
    binding_grant,
    binding_put,
    binding_revoke,
    binding_take,
    bindings_limit,
    bindings_purge,
    bindings_resume,
    bindings_suspend,
    bindings_take,
    may_delegate,
)
from rbac.services.keepers import administrators_lock, owners_guard, owners_guard_everywhere, scope_ensure, scope_lock
from rbac.services.roles import roles_apply
from rbac.services.stamps import stamp_bump

__all__ = [
    "administrators_lock",
    "binding_grant",
    "binding_put",
    "binding_revoke",
    "binding_take",
    "bindings_limit",
    "bindings_purge",
    "bindings_resume",
    "bindings_suspend",
    "bindings_take",
    "may_delegate",
    "owners_guard",
    "owners_guard_everywhere",
    "roles_apply",
    "scope_ensure",
    "scope_lock",
    "stamp_bump",
]
