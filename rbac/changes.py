"""The feed of what changed that can alter decisions: whose stamp rose, in the order of the transactions that did it.

There is one row for each stamp, so the feed needs no table that grows: a stamp that rises twice is told once, as it is
now. Transactions commit in another order than they begin. A walk through the feed therefore begins again at the oldest
one that was still open when the walk before it began: what changed meanwhile may be told twice, and nothing is missed.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from portal.kit.context import Actor
from portal.kit.errors import CursorMalformed
from rbac.errors import ChangesForgotten
from rbac.models import INSTALLATION

_FIRST = UUID(int=2**128 - 1)  # Behind the last key of a transaction: the walk begins with the next one.
_VERSION = 1
_layout = struct.Struct(">BIQQ16s")
_HERE = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
"""
# Names of host products lie behind the wall, the stamps do not: of people only those are told who are members.
_IN_ORGANISATION = """
SELECT s.key, s.epoch, s.changed_in, u.kind, (SELECT json_object_agg(a.code, e.external_id)
    FROM rbac_external_person e JOIN rbac_application a ON a.id = e.application_id
    WHERE e.organisation_id = %(organisation)s AND e.user_id = s.key)
FROM rbac_stamp s LEFT JOIN {users} u ON u.id = s.key
WHERE (s.changed_in, s.key) > (%(transaction)s, %(key)s) AND (s.key IN (%(installation)s, %(organisation)s)
    OR EXISTS (SELECT FROM accounts_membership m WHERE m.organisation_id = %(organisation)s AND m.user_id = s.key))
ORDER BY s.changed_in, s.key LIMIT %(limit)s
"""
_ON_INSTALLATION = """
SELECT s.key, s.epoch, s.changed_in, u.kind, NULL FROM rbac_stamp s LEFT JOIN {users} u ON u.id = s.key
WHERE (s.changed_in, s.key) > (%(transaction)s, %(key)s) AND (s.key = %(installation)s OR u.id IS NOT NULL)
ORDER BY s.changed_in, s.key LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader of the feed stands: behind the `key` of a transaction, in a walk after which everything since
    `floor` is looked at again. `database`: transactions are counted anew in a restored one."""

    database: int
    floor: int
    transaction: int
    key: UUID

    def __str__(self) -> str:
        raw = _layout.pack(_VERSION, self.database, self.floor, self.transaction, self.key.bytes)
        return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the versions of decisions rose to `version`: of everybody on the installation, of everybody in the
    organisation, or of one subject, whom host products know by `external_ids`."""

    part: Literal["installation", "organisation", "subject"]
    version: int
    subject_id: UUID | None = None
    kind: str = ""
    external_ids: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of the feed, where it goes on, and whether there is more right now."""

    items: list[Change]
    following: Position
    more: bool


def position(text: str) -> Position | None:
    """The position that `text` spells, None for no text; anything that we did not make is `CursorMalformed`."""
    if not text:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        version, database, floor, transaction, key = _layout.unpack(raw)
    except (NotBase64, ValueError, struct.error) as error:
        raise CursorMalformed from error
    found = Position(database, floor, transaction, UUID(bytes=key))
    if version != _VERSION or str(found) != text or max(floor, transaction) >= 2**63:
        raise CursorMalformed
    return found


def changes(actor: Actor, at: Position | None, limit: int) -> Changes:
    """What changed in the organisation of `actor` (none: on the installation) behind a position; without one, nothing,
    and where the feed goes on from now. Two queries. `ChangesForgotten` for a position in another database.

    Whoever shows it demands a right of its own for that.
    """
    with connection.cursor() as cursor:
        # Read first: what is finished by now is seen by the statement that follows.
        cursor.execute(_HERE)
        oldest, newest, database = cursor.fetchone()
        if at is None:
            return Changes([], Position(database, oldest, oldest - 1, _FIRST), more=False)
        if at.database != database or at.floor > newest:
            raise ChangesForgotten
        begins = at.key == _FIRST and at.transaction == at.floor - 1
        floor = oldest if begins else at.floor
        rows = _rows(cursor, actor, at, limit + 1)
    items = [_change(row, actor.organisation_id) for row in rows[:limit]]
    if len(rows) > limit:
        last = rows[limit - 1]
        return Changes(items, Position(database, floor, last[2], last[0]), more=True)
    return Changes(items, Position(database, floor, floor - 1, _FIRST), more=False)


def _rows(cursor: Any, actor: Actor, at: Position, limit: int) -> list[tuple[UUID, int, int, str | None, Any]]:
    sql = _IN_ORGANISATION if actor.organisation_id is not None else _ON_INSTALLATION
    values = {
        "organisation": actor.organisation_id,
        "installation": INSTALLATION,
        "transaction": at.transaction,
        "key": at.key,
        "limit": limit,
    }
    cursor.execute(sql.format(users=_users()), values)
    found: list[tuple[UUID, int, int, str | None, Any]] = cursor.fetchall()
    return found


def _users() -> str:
    return connection.ops.quote_name(get_user_model()._meta.db_table)


def _change(row: tuple[UUID, int, int, str | None, Any], organisation: UUID | None) -> Change:
    key, epoch, _transaction, kind, names = row
    if key == INSTALLATION:
        return Change("installation", epoch)
    if key == organisation:
        return Change("organisation", epoch)
    return Change("subject", epoch, key, kind or "", names or {})
