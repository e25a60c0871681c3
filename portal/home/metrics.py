"""Series of mail: what waits, what has failed, what left today, and who takes none."""

from portal.kit.readings import Reading, Samples, Series, quickly, readings

MAIL = (
    Series("steward_kit_mail_queued_messages", "gauge", "Mails that wait to be sent."),
    Series("steward_kit_mail_oldest_seconds", "gauge", "For how long the oldest of them waits; 0 when there is none."),
    Series("steward_kit_mail_failed_messages", "gauge", "Mails of the last 30 days that failed for good."),
    Series("steward_kit_mail_held_messages", "gauge", "Mails held back, since their address takes none."),
    Series("steward_kit_mail_sent", "counter", "Mails that left today (UTC)."),
    Series("steward_kit_mail_suppressed_addresses", "gauge", "Addresses that take no mail."),
)
_MAIL = """
SELECT count(*) FILTER (WHERE state = 'queued'),
    coalesce(extract(epoch FROM clock_timestamp() - min(queued_at) FILTER (WHERE state = 'queued')), 0),
    count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'held'),
    (SELECT count(*) FROM kit_outbound_message
        WHERE state = 'sent' AND sent_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'),
    (SELECT count(*) FROM kit_suppressed_address)
FROM kit_outbound_message WHERE state IN ('queued', 'failed', 'held')
"""


def _mail() -> Samples:
    with quickly() as cursor:
        cursor.execute(_MAIL)
        queued, oldest, failed, held, sent, suppressed = map(float, cursor.fetchone())
    return {
        "steward_kit_mail_queued_messages": [((), queued)],
        "steward_kit_mail_oldest_seconds": [((), max(0.0, oldest))],
        "steward_kit_mail_failed_messages": [((), failed)],
        "steward_kit_mail_held_messages": [((), held)],
        "steward_kit_mail_sent": [((), sent)],
        "steward_kit_mail_suppressed_addresses": [((), suppressed)],
    }


readings.add(Reading("home.mail", MAIL, _mail))
