"""What is let go of use: single events, hours, and distinct values. Days stay."""

from django.utils.translation import gettext_lazy as _

from billing.metering import HOURS_KEPT, RAW_KEPT
from portal.kit.registry import Cleanup, cleanups


def _unneeded(moment: str) -> str:
    """No bill of a subscription of the organisation needs what is of `moment`; the same as `billing.metering` asks."""
    table, _dot, _column = moment.partition(".")
    return (
        f"NOT EXISTS (SELECT FROM billing_subscription s WHERE s.organisation_id = {table}.organisation_id "
        f"AND s.usage_from <= {moment} AND (s.ended_at IS NULL OR s.ended_at > now() - interval '{RAW_KEPT.days} days'))"
    )


cleanups.add(
    Cleanup(
        "billing.usage_events",
        _("Reported use"),
        _(
            "Single events of use, 90 days after they came, unless a bill will still need them. Their sums by hour and day "
            "stay, and what was billed."
        ),
        table="billing_usage_event",
        column="received_at",
        keep=RAW_KEPT,
        condition=_unneeded("billing_usage_event.occurred_at"),
        sample=(("occurred_at", _("Happened")), ("meter", _("Meter")), ("quantity", _("Quantity"))),
        category="activity-logs",
        floor=RAW_KEPT,  # An event that is sent again is known by its row; 28 days after it happened it is too old anyway.
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "billing.usage_hours",
        _("Use by the hour"),
        _("Sums of use by hour after thirteen months. Sums by day stay for ever."),
        table="billing_usage_rollup",
        column="starts_at",
        keep=HOURS_KEPT,
        condition=f"grain = 'hour' AND {_unneeded('billing_usage_rollup.starts_at')}",
        sample=(("starts_at", _("Hour")), ("meter", _("Meter")), ("events", _("Events"))),
        category="activity-logs",
        floor=HOURS_KEPT,
    )
)
cleanups.add(
    Cleanup(
        "billing.usage_values",
        _("Distinct values of use"),
        _("The values that meters of distinct things have seen by the hour, after thirteen months."),
        table="billing_usage_distinct",
        column="starts_at",
        keep=HOURS_KEPT,
        condition=_unneeded("billing_usage_distinct.starts_at"),
        sample=(("starts_at", _("Hour")), ("meter", _("Meter"))),
        category="activity-logs",
        floor=HOURS_KEPT,
    )
)
