"""Writing roles, bindings and stamps."""

from rbac.services.access import access_give, access_limit, access_take, check_denied_by_team
from rbac.services.access_bulk import access_give_many
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
from rbac.services.custom_roles import RoleDraft, draft_of, role_copy, role_create, role_delete, role_update
from rbac.services.grants import grant_give, grant_limit, grant_take
from rbac.services.keepers import (
    administrators_lock,
    owners_guard,
    owners_guard_everywhere,
    rights_hold,
    scope_ensure,
    scope_lock,
)
from rbac.services.modules import module_switch
from rbac.services.roles import roles_apply
from rbac.services.runs import run_cancel_ask, run_lines_add, run_report, run_start, runs_lose
from rbac.services.stamps import stamp_bump

__all__ = [
    "RoleDraft",
    "access_give",
    "access_give_many",
    "access_limit",
    "access_take",
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
    "check_denied_by_team",
    "draft_of",
    "grant_give",
    "grant_limit",
    "grant_take",
    "may_delegate",
    "module_switch",
    "owners_guard",
    "owners_guard_everywhere",
    "rights_hold",
    "role_copy",
    "role_create",
    "role_delete",
    "role_update",
    "roles_apply",
    "run_cancel_ask",
    "run_lines_add",
    "run_report",
    "run_start",
    "runs_lose",
    "scope_ensure",
    "scope_lock",
    "stamp_bump",
]
