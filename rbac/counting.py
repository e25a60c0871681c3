"""Which bindings count now: those that are not over and, in production, of the developer role only those with an end.

The end is what an administrator's permission for the role sets (ACC-12): a binding that was made where nobody limits
the role counts for nothing once the installation is in production, without anybody having to find and remove it.
"""

from django.conf import settings
from django.db.models import Q

from portal.kit import clock
from rbac.models import Role

BOUNDED = ("platform", "developer")  # Catalogue and code.

# For statements written by hand in which `b` is the binding; added to their condition about the end.
_BOUNDED_SQL = (
    " AND (b.expires_at IS NOT NULL OR b.role_id NOT IN"
    " (SELECT id FROM rbac_role WHERE catalogue = 'platform' AND code = 'developer'))"
)


def is_bounded(role: Role) -> bool:
    """Whether it is the developer role of the installation."""
    return (role.catalogue, role.code) == BOUNDED


def bounded_here() -> bool:
    """Whether the developer role needs an end here: in production, unless a setting allows it altogether."""
    return bool(settings.PRODUCTION) and not settings.ALLOW_DEV_ROLE_IN_PRODUCTION


def counting() -> Q:
    """The condition on bindings."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    if not bounded_here():
        return unexpired
    catalogue, code = BOUNDED
    return unexpired & ~Q(expires_at=None, role__catalogue=catalogue, role__code=code)


def counting_sql() -> str:
    """What a statement adds to its own condition that the binding `b` is not over."""
    return _BOUNDED_SQL if bounded_here() else ""
