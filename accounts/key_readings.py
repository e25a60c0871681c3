"""Series of API keys for Prometheus."""

from portal.kit import clock, context, ids
from portal.kit.readings import Reading, Samples, Series, quickly, readings

KEYS = (
    Series(
        "steward_accounts_keys_live", "gauge", "API keys that let somebody in, by the kind of their owner.", ("kind",)
    ),
    Series(
        "steward_accounts_keys_ending",
        "gauge",
        "API keys that end within 30 days and were not rotated.",
    ),
    Series(
        "steward_accounts_key_calls",
        "counter",
        "Calls with an API key today (UTC), by its kind and how they were answered.",
        ("kind", "outcome"),
    ),
    Series("steward_accounts_key_refusals", "counter", "Refusals of API keys that reached the trail today (UTC)."),
)
_LIVE = """
SELECT u.kind, count(*) FROM accounts_key k JOIN accounts_user u ON u.id = k.owner_id
WHERE k.expires_at > %s AND u.is_active GROUP BY u.kind
"""
_ENDING = """
SELECT count(*) FROM accounts_key WHERE expires_at > %s AND expires_at <= %s + interval '30 days' AND replaced_by IS NULL
"""
_CALLS = """
SELECT k.live, sum(s.calls - s.refused - s.failed), sum(s.refused), sum(s.failed)
FROM accounts_key_use s JOIN accounts_key k ON k.id = s.key_id WHERE s.day = %s GROUP BY k.live
"""
_REFUSALS = """
SELECT count(*) FROM audit_event WHERE code = 'accounts.key.refused' AND occurred_at >= %s
    AND id >= %s
"""
OWNERS, OUTCOMES = ("person", "service"), ("answered", "refused", "failed")


def read_keys() -> Samples:
    """Live and ending keys, and today's calls and refusals: four short statements over indexes."""
    now = clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with context.system("Reading the series of API keys"), quickly() as cursor:
        cursor.execute(_LIVE, [now])
        live = dict(cursor.fetchall())
        cursor.execute(_ENDING, [now, now])
        ending = cursor.fetchone()[0]
        cursor.execute(_CALLS, [now.date()])
        calls = {("live" if row[0] else "test"): row[1:] for row in cursor.fetchall()}
        cursor.execute(_REFUSALS, [midnight, ids.first_of(midnight)])
        refusals = cursor.fetchone()[0]
    return {
        "steward_accounts_keys_live": [((kind,), live.get(kind, 0)) for kind in OWNERS],
        "steward_accounts_keys_ending": [((), ending)],
        "steward_accounts_key_calls": [
            ((kind, outcome), int(number))
            for kind in ("live", "test")
            for outcome, number in zip(OUTCOMES, calls.get(kind, (0, 0, 0)), strict=True)
        ],
        "steward_accounts_key_refusals": [((), refusals)],
    }


readings.add(Reading("accounts.keys", KEYS, read_keys))
