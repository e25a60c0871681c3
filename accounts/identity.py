"""Who is behind a session cookie: one query loads session, person, organisation and stamps."""

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.identity import Identity
from portal.kit.postgres.base import DatabaseWrapper, Statement
from portal.kit.services import writing
from rbac.decision import remember_stamps
from rbac.models import INSTALLATION

SEEN_EVERY = timedelta(seconds=60)  # Being seen is written at most once a minute: a read stays a read.
TOKEN_LENGTHS = range(40, 61)

_IDENTITY = """
SELECT s.id, s.seen_at, u.id, coalesce(nullif(u.name, ''), u.username), u.is_active, u.must_change_password, u.theme,
    coalesce((SELECT epoch FROM rbac_stamp WHERE key = $1), 0), coalesce((SELECT epoch FROM rbac_stamp WHERE key = u.id), 0){}
FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
WHERE s.digest = $2 AND s.expires_at > $3
"""
_PLAIN = Statement(_IDENTITY.format(""))
_WITH_ORGANISATION = Statement(
    _IDENTITY.format(
        """,
    (SELECT o.id FROM accounts_membership m JOIN accounts_organisation o ON o.id = m.organisation_id
     WHERE m.user_id = u.id AND m.organisation_id = $4 AND m.state = 'active' AND o.state <> 'closed')"""
    )
)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts binary timestamps from here, in microseconds.
_MICROSECOND = timedelta(microseconds=1)
_long = struct.Struct("!q")
_installation = INSTALLATION.bytes


def identify(request: HttpRequest) -> Identity | None:
    """Fill of the port `kit.identity.identify`."""
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if len(token) not in TOKEN_LENGTHS:
        return None
    named = request.META.get("HTTP_STEWARD_ORGANISATION")
    organisation = _organisation(named) if named is not None else None
    row = cast(DatabaseWrapper, connection).first_row(*question(token, organisation))
    if row is None:
        return None
    if organisation is not None and row.pop() is None:
        raise NotFound
    return _identity(row, organisation)


def question(token: str, organisation: UUID | None) -> tuple[Statement, list[bytes]]:
    """The one query of a request with this session cookie and named organisation, with its values."""
    now = _long.pack((clock.now() - _EPOCH) // _MICROSECOND)
    values = [_installation, crypto.digest(token), now]
    if organisation is None:
        return _PLAIN, values
    return _WITH_ORGANISATION, [*values, organisation.bytes]


@lru_cache(maxsize=4096)
def _organisation(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None


@lru_cache(maxsize=8192)
def _uuid(raw: bytes) -> UUID:
    return UUID(bytes=raw)


def _identity(row: list[bytes | None], organisation: UUID | None) -> Identity:
    session, seen_at, user, label, active, must_change, theme, installation, member = cast(list[bytes], row)
    user_id = _uuid(user)
    stamps = (int.from_bytes(installation), int.from_bytes(member))
    remember_stamps(user_id, stamps)
    return Identity(
        actor=Actor("person", user_id, label.decode(), organisation),
        # The whole row is rarely needed; who asks for more than the label pays for it.
        person=SimpleLazyObject(lambda: User.objects.get(pk=user_id)),
        session_id=_uuid(session),
        last_seen_at=_EPOCH + _long.unpack(seen_at)[0] * _MICROSECOND,
        stamps=stamps,
        active=active == b"\x01",
        must_change_password=must_change == b"\x01",
        theme=theme.decode(),
    )


def seen(identity: Identity) -> None:
    """Fill of the port `kit.identity.identity_seen`: move the idle end of the session on, once a minute."""
    now = clock.now()
    if now - identity.last_seen_at >= SEEN_EVERY:
        _touch(identity, now)


# Requests of one session come in parallel: the first one writes, and the others neither repeat it nor wait for its lock,
# which it holds to its end.
_TOUCH = """
UPDATE accounts_session SET seen_at = %(now)s, expires_at = least(%(now)s + idle, ends_at)
WHERE id = (SELECT id FROM accounts_session WHERE id = %(id)s AND seen_at = %(seen)s FOR UPDATE SKIP LOCKED)
"""


def _touch(identity: Identity, now: datetime) -> None:
    with writing(), connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"now": now, "id": identity.session_id, "seen": identity.last_seen_at})
        if cursor.rowcount:
            cursor.execute("UPDATE accounts_user SET last_seen_at = %s WHERE id = %s", [now, identity.actor.id])
