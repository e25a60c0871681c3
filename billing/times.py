"""The time of a customer: its sandbox's clock, or the clock of all. Billing asks nothing else for the time.

What is agreed, due or charged happens at the customer's time; when a row was written is the real time of `kit.clock`.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.models import Customer
from portal.kit import clock


def now_of(customer: Customer) -> datetime:
    """The present of a customer, aware, in UTC."""
    return clock.now() if customer.test_clock is None else customer.test_clock.at


def zone_of(customer: Customer) -> ZoneInfo:
    """The time zone that its periods are counted in."""
    return ZoneInfo(customer.time_zone)


def end_of(day: date) -> datetime:
    """The first moment after a day of UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
