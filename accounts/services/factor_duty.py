"""Who needs a second factor, and from when on."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.setting_consequences import duty_values
from accounts.settings import FACTOR_DUTY, FACTOR_GRACE
from portal.kit import clock
from portal.kit.services import writing
from rbac.models import INSTALLATION

# Whom the installation asks for one (`second_factor.duty`). Staff is whoever holds a role of the installation; an
# organisation has owners and administrators. When the duty begins or ends the row is written, else nothing is.
_SETTLE = """
UPDATE accounts_user u SET factor_due_at = CASE WHEN u.factor_due_at IS NULL THEN %(due)s::timestamptz END
WHERE u.id = ANY(%(people)s) AND u.kind = 'person' AND (u.factor_due_at IS NULL) = (%(everybody)s OR EXISTS (
    SELECT FROM rbac_binding b JOIN rbac_role r ON r.id = b.role_id
    WHERE b.user_id = u.id AND NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s)
    AND (b.scope_id = %(installation)s
         OR %(organisations)s AND r.catalogue = 'organisation' AND r.code IN ('owner', 'admin'))))
"""


def factor_duty_settle(*, people: Iterable[UUID]) -> None:
    """Begin the grace of those who need a second factor by now, and end the duty of those who do not any more.

    Part of the services that change roles, and of sign-in, which finds what has expired since. One statement.
    """
    now = clock.now()
    due = now + FACTOR_GRACE.value()
    with writing(), connection.cursor() as cursor:
        values: dict[str, Any] = {"people": list(people), "now": now, "due": due, "installation": INSTALLATION}
        cursor.execute(_SETTLE, values | duty_values(FACTOR_DUTY.value()))
