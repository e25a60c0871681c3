"""Who is behind a session cookie: one query loads session, person and stamps and sets the tenant."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.identity import Identity
from portal.kit.services import writing
from rbac.decision import remember_stamps
from rbac.models import INSTALLATION

SEEN_EVERY = timedelta(seconds=60)  # Being seen is written at most once a minute: a read stays a read.

# set_config stands in the same statement, since a transaction-local setting costs a round trip of its own otherwise.
_QUERY = """
SELECT s.id, s.seen_at, u.id, u.username, u.email, u.name, u.is_active, u.must_change_password, u.theme,
    coalesce((SELECT epoch FROM rbac_stamp WHERE key = %s), 0), coalesce((SELECT epoch FROM rbac_stamp WHERE key = u.id), 0),
    set_config('steward.organisation', '', true)
FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
WHERE s.digest = %s AND s.expires_at > %s
"""


def identify(request: HttpRequest) -> Identity | None:
    """Fill of the port `kit.identity.identify`."""
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not 40 <= len(token) <= 60:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, [INSTALLATION, crypto.digest(token), clock.now()])
        row = cursor.fetchone()
    return _identity(row) if row else None


def _identity(row: tuple[Any, ...]) -> Identity:
    session_id, seen_at, user_id, username, email, name, active, must_change, theme, installation, member, _ = row
    stamps = (installation, member)
    remember_stamps(user_id, stamps)
    return Identity(
        actor=Actor("person", user_id, name or username),
        # The whole row is rarely needed; who asks for more than the label pays for it.
        person=SimpleLazyObject(lambda: User.objects.get(pk=user_id)),
        session_id=session_id,
        last_seen_at=seen_at,
        stamps=stamps,
        active=active,
        must_change_password=must_change,
        theme=theme,
    )


def seen(identity: Identity) -> None:
    """Fill of the port `kit.identity.identity_seen`: move the idle end of the session on, once a minute."""
    now = clock.now()
    if now - identity.last_seen_at >= SEEN_EVERY:
        _touch(identity.session_id, identity.actor.id, now)


def _touch(session_id: UUID, user_id: UUID | None, now: datetime) -> None:
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_session SET seen_at = %s, expires_at = least(%s + idle, ends_at) WHERE id = %s",
            [now, now, session_id],
        )
        cursor.execute("UPDATE accounts_user SET last_seen_at = %s WHERE id = %s", [now, user_id])
