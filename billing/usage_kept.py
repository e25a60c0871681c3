"""From when on single events of use must be kept for a subscription: as long as a period that is not settled needs them.

Sums by hour and day are enough for most periods. A percentage is charged event by event, and a period that begins at no
whole hour (UTC), as in India, needs the events of that hour; a period of more than thirteen months needs its hours too.
"""

from datetime import UTC, datetime, timedelta

from billing.metering import HOURS_KEPT, RAW_KEPT
from billing.models import Subscription
from billing.models.usage import hour_of
from billing.periods import period_at
from billing.proration import cut
from billing.subscription_terms import CLOSED_AFTER
from billing.wanted import History, ItemTerms, service_end

_LONG = HOURS_KEPT - timedelta(days=31)  # With the days in which use may be late.


def kept_from(subscription: Subscription, history: History, present: datetime) -> datetime | None:
    """What `usage_from` of a subscription becomes once it is billed up to `billed_at`; None: sums are enough.

    Never further back than events are known to be there: those of the last 90 days, and what was kept so far.
    """
    if subscription.billed_at is None:
        return subscription.usage_from
    closed = subscription.billed_at - CLOSED_AFTER
    starts = [start for item in history.items if (start := _needed_from(history, item, closed)) is not None]
    if not starts:
        return None
    known = present - RAW_KEPT
    return max(min(starts), known if subscription.usage_from is None else min(known, subscription.usage_from))


def _needed_from(history: History, item: ItemTerms, closed: datetime) -> datetime | None:
    """Where the oldest period of an item begins that its meters are still asked for, if that takes single events."""
    metered = [price for price in item.prices if price.meter]
    end = service_end(history, item)
    if not metered or (end is not None and end <= closed):
        return None
    begins = max(moment for moment in (item.starts_at, history.charges_from, history.trial_end) if moment is not None)
    begins = cut(begins, item.policy, history.zone)
    slot = period_at(item.anchor, max(begins, closed))
    start = max(slot.start, begins).astimezone(UTC)
    by_event = any(price.shape.model == "percentage" for price in metered)
    if by_event or start != hour_of(start) or slot.end - slot.start > _LONG:
        return hour_of(start)
    return None
