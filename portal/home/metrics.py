"""Series of mail (what waits, what has failed, what left today, who takes none) and of the key figures."""

import logging
from datetime import timedelta

from django.db import Error, transaction

from portal.home.kpi_selectors import currencies, span_of
from portal.kit import clock, context
from portal.kit.kpis import kpis, together
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


# --- Key figures ---

KPIS = (
    Series(
        "steward_kpi_value",
        "gauge",
        "A key figure of the last 30 days, as its declaration has it: money in minor units of the currency of the default "
        "legal entity, shares from 0 to 1. Absent where it has no value.",
        ("code", "currency"),
    ),
)
KEPT = timedelta(seconds=30)
HEAVY_KEPT = timedelta(minutes=15)  # What looks at every customer.
DAYS = 30
log = logging.getLogger("steward.metrics")
_known: dict[bool, dict[tuple[str, ...], float]] = {}
_until: dict[bool, float] = {}


def _kpis() -> Samples:
    for heavy, kept in ((False, KEPT), (True, HEAVY_KEPT)):
        if clock.steady() >= _until.get(heavy, 0.0):
            _known[heavy] = _values(heavy=heavy)
            _until[heavy] = clock.steady() + kept.total_seconds()
    return {"steward_kpi_value": [*_known[False].items(), *_known[True].items()]}


def _values(*, heavy: bool) -> dict[tuple[str, ...], float]:
    """What can be read of the figures; one that fails or takes longer than two seconds is left out by itself."""
    found: dict[tuple[str, ...], float] = {}
    with context.system("metrics"), quickly(), together():
        span = span_of(DAYS, currencies()[0])
        for kpi in kpis:
            if kpi.heavy is not heavy:
                continue
            try:
                with transaction.atomic():
                    figure = kpi.read(span)
            except Error as error:
                log.warning("The key figure %s cannot be read.", kpi.code, exc_info=error)
                continue
            if figure.value is not None:
                found[kpi.code, span.currency if kpi.unit == "money" else ""] = float(figure.value)
    return found


def forget_kpis() -> None:
    """Read anew the next time; for tests."""
    _until.clear()


readings.add(Reading("home.kpis", KPIS, _kpis))
