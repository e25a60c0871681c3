"""Who is behind a session cookie: one query loads session, person, organisation and stamps.

A call of the API that bears a key or a token is answered by `accounts.bearer`.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
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
from portal.kit.mode import state
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
    u.avatar, s.kind, s.confirmed_at, s.second_factor_at, u.factor_due_at, nullif(u.preferences, '{}')::text, s.read_only,
    s.impersonator_id, (SELECT coalesce(nullif(i.name, ''), i.username) FROM accounts_user i WHERE i.id = s.impersonator_id),
    coalesce((SELECT epoch FROM rbac_stamp WHERE key = $1), 0), coalesce((SELECT epoch FROM rbac_stamp WHERE key = u.id), 0),
    s.expires_at, s.ends_at, extract(epoch FROM s.idle)::int8,
    u.email_verified_at IS NULL AND u.kind = 'person' AND right(u.email, 8) <> '.invalid',
    u.leaving_at, coalesce((SELECT max(number) FROM kit_setting_version), 0)
"""
WIDTH = 24  # Columns of it; those of the organisation follow.
ORGANISATION = ", o.id, o.slug, o.name, o.state, coalesce((SELECT epoch FROM rbac_stamp WHERE key = o.id), 0)"
_FROM = " FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id "
_MEMBER = " LEFT JOIN LATERAL accounts_member_of(u.id, $4, $5) o ON true "
_IN_PATH = re.compile(r"/o/([^/]+)/")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts binary timestamps from here, in microseconds.
_MICROSECOND = timedelta(microseconds=1)
_long = struct.Struct("!q")
_installation = INSTALLATION.bytes


@dataclass(frozen=True)
class Road:
    """The two queries that lead from a secret to an identity: without a named organisation, and with one.

    $1 is the installation, $2 the SHA-256 of the secret, $3 the present, $4 and $5 the organisation's id and slug.
    """

    plain: Statement
    with_organisation: Statement

    @classmethod
    def through(cls, where: str, joins: str = "") -> "Road":
        """The road on which the session `s` and what it `joins` fulfil `where`."""
        rest = f"{joins} WHERE {where}"
        return cls(
            Statement(f"SELECT {COLUMNS} {_FROM} {rest}"),
            Statement(f"SELECT {COLUMNS} {ORGANISATION} {_FROM} {_MEMBER} {rest}"),
        )


# A view of somebody else's console lives no longer than the session that it was opened from, and whose that one is.
BY_COOKIE = Road.through("""s.digest = $2 AND s.expires_at > $3 AND s.kind = 'browser' AND (s.parent_id IS NULL OR EXISTS (
    SELECT FROM accounts_session p JOIN accounts_user w ON w.id = p.user_id AND w.is_active
    WHERE p.id = s.parent_id AND p.expires_at > $3))""")


def identify(request: HttpRequest) -> Identity | None:
    """Fill of the port `kit.identity.identify`."""
    if "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith("/api/"):
        return bearer.identify(request)
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if len(token) not in TOKEN_LENGTHS:
        return None
    return behind(token, named_by(request), BY_COOKIE)


def behind(secret: str, named: UUID | str | None, road: Road) -> Identity | None:
    """The identity that `secret` leads to on a road, in the `named` organisation; None when it leads nowhere."""
    row = cast(DatabaseWrapper, connection).first_row(*question(secret, named, road))
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


def question(secret: str, named: UUID | str | None, road: Road = BY_COOKIE) -> tuple[Statement, list[bytes | None]]:
    """The one query of a request with this secret and named organisation, with its values."""
    now = _long.pack((clock.now() - _EPOCH) // _MICROSECOND)
    values: list[bytes | None] = [_installation, crypto.digest(secret), now]
    if named is None:
        return road.plain, values
    if isinstance(named, UUID):
        return road.with_organisation, [*values, named.bytes, None]
    return road.with_organisation, [*values, None, named.replace("\0", "").encode()]


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
    organisation = _entered(row[WIDTH:-1]) if named is not None else None
    session, seen_at, _platform_at, user, label, active, must_change, _avatar, kind, confirmed_at = cast(
        list[bytes], row[:10]
    )
    installation, member, expires_at, ends_at, idle = cast(list[bytes], row[16:21])
    state.heard(int.from_bytes(cast(bytes, row[23])))
    user_id = _uuid(user)
    standing = organisation.id if organisation else None
    own_epoch = int.from_bytes(cast(bytes, row[-1])) if organisation else 0
    stamps = (int.from_bytes(installation), own_epoch, int.from_bytes(member))
    remember_stamps(user_id, standing, stamps)
    return Identity(
        actor=Actor("person", user_id, label.decode(), standing),
        # The whole row is rarely needed; who asks for more than the label pays for it.
        person=SimpleLazyObject(lambda: User.objects.get(pk=user_id)),
        session_id=_uuid(session),
        last_seen_at=_moment(seen_at),
        stamps=stamps,
        active=active == b"\x01",
        # What the person has still to do is not for who looks at the console as that person.
        must_change_password=must_change == b"\x01" and row[14] is None,
        platform_at=_moment(row[2]) if row[2] is not None else None,
        organisation=organisation,
        kind="token" if kind == b"token" else "browser",
        confirmed_at=_moment(confirmed_at),
        second_factor_at=_moment(row[10]) if row[10] is not None else None,
        factor_due_at=_moment(row[11]) if row[11] is not None and row[14] is None else None,
        preferences=_preferences(row[12]),
        read_only=row[13] == b"\x01",
        address_unverified=row[21] == b"\x01",
        through=Actor("person", _uuid(row[14]), (row[15] or b"").decode()) if row[14] is not None else None,
        idle=_seconds(idle),
        expires_at=_moment(expires_at),
        ends_at=_moment(ends_at),
        avatar=_uuid(row[7]) if row[7] is not None else None,
        # What the person has still to do is not for who looks at the console as that person.
        leaving_at=_moment(row[22]) if row[22] is not None and row[14] is None else None,
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


@lru_cache(maxsize=64)
def _seconds(raw: bytes) -> timedelta:
    return timedelta(seconds=int.from_bytes(raw))


def seen(identity: Identity) -> None:
    """Fill of the port `kit.identity.identity_seen`: move the idle end of the session on, once a minute."""
    now = clock.now()
    # One whose idle end is near is seen more often, or it would end under the hands of somebody at work.
    every = SEEN_EVERY if identity.idle is None else min(SEEN_EVERY, identity.idle / 10)
    if now - identity.last_seen_at >= every:
        _touch(identity, now)


def stay(identity: Identity) -> None:
    """Move the idle end on at once, because the person said so."""
    _touch(identity, clock.now())


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
    # Also when a parallel request was first: it has written the same.
    if identity.idle is not None and identity.ends_at is not None:
        identity.expires_at = min(now + identity.idle, identity.ends_at)


PLATFORM_NOTED_EVERY = timedelta(hours=1)
_ENTERED = """
UPDATE {0} SET platform_at = %(now)s WHERE id = (
    SELECT id FROM {0} WHERE id = %(id)s AND (platform_at IS NULL OR platform_at < %(before)s)
    FOR UPDATE SKIP LOCKED)
"""


def platform_entered(identity: Identity) -> None:
    """Fill of the port `kit.identity.platform_entered`, for a session or a key. Event `accounts.session.entered_platform`,
    hourly at most."""
    now = clock.now()
    before = now - PLATFORM_NOTED_EVERY
    if identity.platform_at is not None and identity.platform_at >= before:
        return
    entered = _ENTERED.format("accounts_key" if identity.kind == "key" else "accounts_session")
    with writing(), connection.cursor() as cursor:
        cursor.execute(entered, {"now": now, "id": identity.session_id, "before": before})
        if cursor.rowcount:
            record("accounts.session.entered_platform")
