"""Who is behind an API key: one query finds it by how its secret begins, with its owner, organisation and stamps.

Whatever is wrong with a key, the reply is the same 401, but for a wrong address: who gets that far holds the secret.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import keys
from accounts.errors import KeyAddressRefused, OrganisationSuspended
from accounts.identity import named_by
from accounts.models import User
from accounts.services.key_use import key_refused, key_renew
from portal.kit import clock, context, errors, limits
from portal.kit.context import Actor
from portal.kit.identity import Identity, OrganisationRef
from portal.kit.postgres.base import DatabaseWrapper, Statement
from rbac.decision import remember_stamps
from rbac.models import INSTALLATION

# Wrong secrets behind one beginning from one network in a minute; more are not even looked at. Everything that fails
# counts against its network besides, as calls of nobody do.
FAILURES = limits.Limit("key_failures", "", "address")
FAILURES_ALLOWED = 10
NOTED_EVERY = timedelta(minutes=1)  # A refusal of one key is put into the trail so often.
# The organisation of a key is its own; a key of the installation may name one.
_KEY = Statement("""
    SELECT k.id, k.name, k.digest, k.scopes, k.addresses, k.rate_limit, k.expires_at, k.refused_at, k.platform_at,
        k.organisation_id, k.revoked, u.id, coalesce(nullif(u.name, ''), u.username), u.kind, u.is_active,
        u.must_change_password, coalesce((SELECT epoch FROM rbac_stamp WHERE key = $1), 0),
        coalesce((SELECT epoch FROM rbac_stamp WHERE key = u.id), 0),
        coalesce((SELECT epoch FROM rbac_stamp WHERE key = o.id), 0), o.id, o.slug, o.name, o.state
    FROM accounts_key_by($2) k JOIN accounts_user u ON u.id = k.owner_id AND u.leaving_at IS NULL
    LEFT JOIN LATERAL accounts_member_of(u.id, coalesce(k.organisation_id, $3), NULL) o ON true
""")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts binary timestamps from here, in microseconds.
_MICROSECOND = timedelta(microseconds=1)
_long = struct.Struct("!q")
_installation = INSTALLATION.bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A key as the database knows it, whatever state it is in."""

    id: UUID
    prefix: str
    name: str
    digest: bytes
    scopes: frozenset[str] | None
    addresses: tuple[str, ...]
    rate: int | None
    expires_at: datetime
    refused_at: datetime | None
    platform_at: datetime | None
    organisation_id: UUID | None
    revoked: bool
    owner: tuple[UUID, str, bool]  # Id, label, whether it is a service account.
    active: bool
    must_change_password: bool
    stamps: tuple[int, int, int]  # Of the installation, the organisation and the owner.
    entered: tuple[UUID, str, str, str] | None  # The organisation: id, slug, name, state. None: no active member.


def identify(request: HttpRequest, secret: str) -> Identity | None:
    """The identity behind the secret of a key; None for one that is unknown, altered, expired or revoked, or whose
    owner does not belong to its organisation any more.

    Raises `KeyAddressRefused`, `OrganisationSuspended`, `NotFound` when the request names an organisation that the key
    is not for, and `TooMany` after ten wrong secrets behind the same beginning from one network in a minute.
    """
    if not keys.is_whole(secret):
        return None
    prefix = keys.prefix_of(secret)
    slot = f"{prefix}:{limits.caller()}"
    if limits.exhausted(FAILURES, slot, FAILURES_ALLOWED):
        raise errors.TooMany
    named = named_by(request)
    found = _found(prefix, named if isinstance(named, UUID) else None)
    if found is None:
        limits.fail(FAILURES, slot, FAILURES_ALLOWED)
        return None
    place = keys.matched(secret, found.digest)
    if place is None:
        limits.fail(FAILURES, slot, FAILURES_ALLOWED)
        _refused(found, "secret")
        return None
    if found.expires_at <= clock.now():
        _refused(found, "revoked" if found.revoked else "expired")
        return None
    current = context.current()
    if not keys.is_allowed(current.address if current else None, found.addresses):
        _refused(found, "address")
        raise KeyAddressRefused
    identity = _identity(found, named)
    if place and identity is not None:
        # Made under an earlier SECRET_KEY, which will be forgotten one day: from here on under the present one.
        renewed = keys.digests_of(secret)[0]
        key_renew(key_id=found.id, organisation_id=found.organisation_id, before=found.digest, after=renewed)
    return identity


def _found(prefix: str, named: UUID | None) -> Found | None:
    values = [_installation, prefix.encode(), None if named is None else named.bytes]
    row = cast(DatabaseWrapper, connection).first_row(_KEY, values)
    if row is None:
        return None
    key, name, digest, scopes, addresses, rate, expires_at, refused_at, platform_at, of, revoked = row[:11]
    owner, label, kind, active, must_change, installation, member, own = cast(list[bytes], row[11:19])
    organisation, slug, title, state = row[19:]
    return Found(
        id=_uuid(cast(bytes, key)),
        prefix=prefix,
        name=cast(bytes, name).decode(),
        digest=cast(bytes, digest),
        scopes=None if scopes is None else _scopes(scopes),
        addresses=tuple(cast(bytes, addresses).decode().split()),
        rate=None if rate is None else int.from_bytes(rate),
        expires_at=_moment(cast(bytes, expires_at)),
        refused_at=None if refused_at is None else _moment(refused_at),
        platform_at=None if platform_at is None else _moment(platform_at),
        organisation_id=None if of is None else _uuid(of),
        revoked=revoked == b"\x01",
        owner=(_uuid(owner), label.decode(), kind == b"service"),
        active=active == b"\x01",
        must_change_password=must_change == b"\x01",
        stamps=(int.from_bytes(installation), int.from_bytes(own), int.from_bytes(member)),
        entered=None
        if organisation is None
        else (
            _uuid(organisation),
            cast(bytes, slug).decode(),
            cast(bytes, title).decode(),
            cast(bytes, state).decode(),
        ),
    )


@lru_cache(maxsize=8192)
def _uuid(raw: bytes) -> UUID:
    return UUID(bytes=raw)


@lru_cache(maxsize=4096)
def _scopes(written: bytes) -> frozenset[str]:
    return frozenset(written.decode().split())


def _moment(raw: bytes) -> datetime:
    microseconds: int = _long.unpack(raw)[0]
    return _EPOCH + microseconds * _MICROSECOND


def _refused(found: Found, reason: str) -> None:
    """Put a refusal into the trail, once a minute and key (`accounts.key.refused`); the row decides between processes."""
    if found.refused_at is None or clock.now() - found.refused_at >= NOTED_EVERY:
        key_refused(key_id=found.id, organisation_id=found.organisation_id, reason=reason, every=NOTED_EVERY)


def _identity(found: Found, named: UUID | str | None) -> Identity | None:
    organisation = None
    if found.organisation_id is not None and named not in {None, found.organisation_id}:
        raise errors.NotFound
    if found.organisation_id is not None or named is not None:
        if found.entered is None:
            if found.organisation_id is None:
                raise errors.NotFound
            _refused(found, "membership")
            return None
        if found.entered[3] == "suspended":
            raise OrganisationSuspended
        organisation = OrganisationRef(*found.entered[:3])
    owner_id, label, is_service = found.owner
    standing = organisation.id if organisation else None
    remember_stamps(owner_id, standing, found.stamps)
    return Identity(
        actor=Actor("service" if is_service else "person", owner_id, label, standing, scopes=found.scopes),
        person=SimpleLazyObject(lambda: User.objects.get(pk=owner_id)),
        session_id=found.id,
        last_seen_at=clock.now(),  # Being seen is noted by `key_use`.
        stamps=found.stamps,
        active=found.active,
        must_change_password=found.must_change_password,
        platform_at=found.platform_at,
        organisation=organisation,
        kind="key",
        through=Actor("key", found.id, f"{found.name} ({found.prefix}\N{HORIZONTAL ELLIPSIS})"),
        rate=found.rate,
    )
