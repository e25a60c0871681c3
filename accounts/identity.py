"""Who is behind a session cookie: one query loads session, person, organisation and stamps.

A call of the API that bears a key or a token is answered by `accounts.bearer`.
"""

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import bearer
from accounts.errors import OrganisationSuspended
from accounts.models import User
from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.identity import Identity, OrganisationRef
from portal.kit.postgres.base import DatabaseWrapper, Statement
from portal.kit.record import record
from portal.kit.services import writing
from rbac.decision import remember_stamps
from rbac.models import INSTALLATION

SEEN_EVERY = timedelta(seconds=60)  # Being seen is written at most once a minute: a read stays a read.
TOKEN_LENGTHS = range(40, 61)

# What every road to an identity reads of the session `s` and its person `u`.
COLUMNS = """
    s.id, s.seen_at, s.platform_at, u.id, coalesce(nullif(u.name, ''), u.username), u.is_active, u.must_change_password,
    u.theme, s.kind, s.confirmed_at, s.second_factor_at, u.factor_due_at, nullif(u.preferences, '{}')::text, s.read_only,
    s.impersonator_id, (SELECT coalesce(nullif(i.name, ''), i.username) FROM accounts_user i WHERE i.id = s.impersonator_id),
    coalesce((SELECT epoch FROM rbac_stamp WHERE key = $1), 0), coalesce((SELECT epoch FROM rbac_stamp WHERE key = u.id), 0)
"""
WIDTH = 18  # Columns of it; those of the organisation follow.
ORGANISATION = ", o.id, o.slug, o.name, o.state"
_FROM = " FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id "
_WHERE = " WHERE s.digest = $2 AND s.expires_at > $3 AND s.kind = 'browser'"
_PLAIN = Statement(f"SELECT {COLUMNS} {_FROM} {_WHERE}")
_WITH_ORGANISATION = Statement(
    f"SELECT {COLUMNS} {ORGANISATION} {_FROM} LEFT JOIN LATERAL accounts_member_of(u.id, $4, $5) o ON true {_WHERE}"
)
_IN_PATH = re.compile(r"/o/([^/]+)/")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts binary timestamps from here, in microseconds.
_MICROSECOND = timedelta(microseconds=1)
_long = struct.Struct("!q")
_installation = INSTALLATION.bytes


def identify(request: HttpRequest) -> Identity | None:
    """Fill of the port `kit.identity.identify`."""
    if "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith("/api/"):
        return bearer.identify(request)
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if len(token) not in TOKEN_LENGTHS:
        return None
    named = named_by(request)
    row = cast(DatabaseWrapper, connection).first_row(*question(token, named))
    return None if row is None else identity_of(row, named)


def named_by(request: HttpRequest) -> UUID | str | None:
    """The organisation of the address by its slug, or that of the header by its id. Both is one too many."""
    header = request.META.get("HTTP_STEWARD_ORGANISATION")
    match = _IN_PATH.match(request.path_info) if request.path_info.startswith("/o/") else None
    if match is not None:
        if header is not None:
            raise NotFound
        return match[1]
    return _organisation(header) if header is not None else None


def question(token: str, named: UUID | str | None) -> tuple[Statement, list[bytes | None]]:
    """The one query of a request with this session cookie and named organisation, with its values."""
    now = _long.pack((clock.now() - _EPOCH) // _MICROSECOND)
    values: list[bytes | None] = [_installation, crypto.digest(token), now]
    if named is None:
        return _PLAIN, values
    if isinstance(named, UUID):
        return _WITH_ORGANISATION, [*values, named.bytes, None]
    return _WITH_ORGANISATION, [*values, None, named.replace("\0", "").encode()]


@lru_cache(maxsize=4096)
def _organisation(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None


@lru_cache(maxsize=8192)
def _uuid(raw: bytes) -> UUID:
    return UUID(bytes=raw)


@lru_cache(maxsize=8192)
def _preferences(written: bytes | None) -> Mapping[str, Any]:
    return MappingProxyType(orjson.loads(written) if written else {})


def identity_of(row: list[bytes | None], named: UUID | str | None) -> Identity:
    """The identity of a row of `COLUMNS` and, where a request `named` an organisation, of `ORGANISATION`."""
    organisation = _entered(row[WIDTH:]) if named is not None else None
    session, seen_at, _platform_at, user, label, active, must_change, theme, kind, confirmed_at = cast(
        list[bytes], row[:10]
    )
    installation, member = cast(list[bytes], row[16:18])
    user_id = _uuid(user)
    stamps = (int.from_bytes(installation), int.from_bytes(member))
    remember_stamps(user_id, stamps)
    return Identity(
        actor=Actor("person", user_id, label.decode(), organisation.id if organisation else None),
        # The whole row is rarely needed; who asks for more than the label pays for it.
        person=SimpleLazyObject(lambda: User.objects.get(pk=user_id)),
        session_id=_uuid(session),
        last_seen_at=_moment(seen_at),
        stamps=stamps,
        active=active == b"\x01",
        must_change_password=must_change == b"\x01",
        theme=theme.decode(),
        platform_at=_moment(row[2]) if row[2] is not None else None,
        organisation=organisation,
        kind="token" if kind == b"token" else "browser",
        confirmed_at=_moment(confirmed_at),
        second_factor_at=_moment(row[10]) if row[10] is not None else None,
        factor_due_at=_moment(row[11]) if row[11] is not None else None,
        preferences=_preferences(row[12]),
        read_only=row[13] == b"\x01",
        through=Actor("person", _uuid(row[14]), (row[15] or b"").decode()) if row[14] is not None else None,
    )


def _entered(row: list[bytes | None]) -> OrganisationRef:
    """The organisation of which the person is an active member; any other is told like one that does not exist."""
    if row[0] is None:
        raise NotFound
    organisation, slug, name, state = cast(list[bytes], row)
    if state == b"suspended":
        raise OrganisationSuspended
    return OrganisationRef(_uuid(organisation), slug.decode(), name.decode())


def _moment(raw: bytes) -> datetime:
    microseconds: int = _long.unpack(raw)[0]
    return _EPOCH + microseconds * _MICROSECOND


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


PLATFORM_NOTED_EVERY = timedelta(hours=1)
_ENTERED = """
UPDATE accounts_session SET platform_at = %(now)s WHERE id = (
    SELECT id FROM accounts_session WHERE id = %(id)s AND (platform_at IS NULL OR platform_at < %(before)s)
    FOR UPDATE SKIP LOCKED)
"""


def platform_entered(identity: Identity) -> None:
    """Fill of the port `kit.identity.platform_entered`. Event `accounts.session.entered_platform`, hourly at most."""
    now = clock.now()
    before = now - PLATFORM_NOTED_EVERY
    if identity.platform_at is not None and identity.platform_at >= before:
        return
    with writing(), connection.cursor() as cursor:
        cursor.execute(_ENTERED, {"now": now, "id": identity.session_id, "before": before})
        if cursor.rowcount:
            record("accounts.session.entered_platform")
