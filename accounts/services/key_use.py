"""What the use of keys leaves behind: when and from where, how many calls a day, and refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Key
from portal.kit import clock, context, ids
from portal.kit.context import Actor
from portal.kit.postgres.base import Wall, ours
from portal.kit.record import record
from portal.kit.services import writing

WHY = "Keeping the use of API keys"
# In one order for all processes, or two of them would wait for each other's rows.
_USED = """
WITH told AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(keys)s::uuid[], %(days)s::date[], %(calls)s::bigint[], %(refused)s::bigint[],
        %(failed)s::bigint[], %(moments)s::timestamptz[], %(addresses)s::inet[])
        AS row (id, key_id, day, calls, refused, failed, moment, address)
), newest AS (
    SELECT DISTINCT ON (key_id) key_id, moment, address FROM told ORDER BY key_id, moment DESC
), held AS (
    SELECT k.id, k.organisation_id, newest.moment, newest.address FROM accounts_key k
    JOIN newest ON newest.key_id = k.id ORDER BY k.id FOR NO KEY UPDATE OF k
), used AS (
    UPDATE accounts_key k SET last_used_at = held.moment, last_address = held.address FROM held
    WHERE k.id = held.id AND (k.last_used_at IS NULL OR k.last_used_at < held.moment)
)
INSERT INTO accounts_key_use AS sum (id, key_id, organisation_id, day, calls, refused, failed)
SELECT told.id, told.key_id, held.organisation_id, told.day, told.calls, told.refused, told.failed
FROM told JOIN held ON held.id = told.key_id ORDER BY told.key_id, told.day
ON CONFLICT (key_id, day) DO UPDATE SET calls = sum.calls + excluded.calls, refused = sum.refused + excluded.refused,
    failed = sum.failed + excluded.failed
"""


@dataclass(slots=True)
class Used:
    """The calls of one key on one day, as one process saw them."""

    key_id: UUID
    day: date
    moment: datetime
    address: str | None
    calls: int = 0
    refused: int = 0
    failed: int = 0


def key_uses_add(*, used: Sequence[Used]) -> None:
    """Add calls to the days of their keys and note the newest of each; one statement as the platform. No event.

    Keys that are gone meanwhile are left out. Raises what the database raises; then nothing of it is kept.
    """
    if not used:
        return
    values: dict[str, Any] = {
        "ids": [ids.uuid7() for _ in used],
        "keys": [one.key_id for one in used],
        "days": [one.day for one in used],
        "calls": [one.calls for one in used],
        "refused": [one.refused for one in used],
        "failed": [one.failed for one in used],
        "moments": [one.moment for one in used],
        "addresses": [one.address for one in used],
    }
    with context.system(WHY), writing(), connection.cursor() as cursor:
        cursor.execute(_USED, values)


_REFUSED = """
UPDATE accounts_key SET refused_at = %(now)s WHERE id = (
    SELECT id FROM accounts_key WHERE id = %(id)s AND (refused_at IS NULL OR refused_at <= %(before)s)
    FOR NO KEY UPDATE SKIP LOCKED)
"""


def key_refused(*, key_id: UUID, organisation_id: UUID | None, reason: str, every: timedelta) -> None:
    """Record that a key was refused, unless that was done less than `every` ago. Event `accounts.key.refused`.

    In a transaction of its own, since the request that is refused will be rolled back.
    """
    now = clock.now()
    with ours().before_transaction(Wall(organisation_id)), writing(), connection.cursor() as cursor:
        cursor.execute(_REFUSED, {"now": now, "id": key_id, "before": now - every})
        if cursor.rowcount:
            key = Key.objects.get(pk=key_id)
            if reason == "secret":  # Somebody knows how it begins, and that is all.
                record("accounts.key.refused", target=key, outcome="denied", reason=reason)
            else:
                with context.acting(Actor("key", key.pk, str(key), organisation_id)):
                    record("accounts.key.refused", target=key, outcome="denied", reason=reason)


def key_renew(*, key_id: UUID, organisation_id: UUID | None, before: bytes, after: bytes) -> None:
    """Keep a key under the present SECRET_KEY instead of an earlier one. No event: it is the same secret.

    Before the request's own transaction, so that a refused call does not undo it.
    """
    with ours().before_transaction(Wall(organisation_id)), writing():
        Key.objects.filter(pk=key_id, digest=before).update(digest=after)
