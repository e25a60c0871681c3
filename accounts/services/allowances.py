"""How many mails somebody may be sent because somebody else asked: five an hour, and not a word about the sixth."""

from datetime import timedelta
from typing import Any

from django.db import connection

from portal.kit import clock, crypto
from portal.kit.services import writing

PER_HOUR = 5
SPAN = timedelta(hours=1)

# One statement, so that of many who ask at once exactly five get through: each waits for the row of the one before.
_ASK = """
INSERT INTO accounts_mail_allowance AS m (slot, asked, last_at)
VALUES (%(slot)s, jsonb_build_array(%(now)s::float8), %(moment)s)
ON CONFLICT (slot) DO UPDATE SET (asked, last_at) = (
    SELECT CASE WHEN count(*) < %(limit)s THEN coalesce(jsonb_agg(t ORDER BY t), '[]') || to_jsonb(%(now)s::float8)
        ELSE jsonb_agg(t ORDER BY t) END, %(moment)s
    FROM jsonb_array_elements(m.asked) AS t WHERE t::text::float8 > %(before)s)
RETURNING asked -> -1 = to_jsonb(%(now)s::float8)
"""


def mail_allowed(*, to: str) -> bool:
    """Whether `to` (an address, or whatever else is counted) may be sent one more now; counted if so.

    Part of a service. The text itself is not kept, only a keyed hash of it.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "slot": crypto.signature("mail-allowance", to.lower())[:64],
        "now": now.timestamp(),
        "moment": now,
        "before": (now - SPAN).timestamp(),
        "limit": PER_HOUR,
    }
    with writing(), connection.cursor() as cursor:
        cursor.execute(_ASK, values)
        return bool(cursor.fetchone()[0])
