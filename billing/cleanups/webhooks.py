"""What is let go of webhooks: deliveries that are over."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, cleanups

cleanups.add(
    Cleanup(
        "billing.webhook_deliveries",
        _("Deliveries of webhooks"),
        _("Events that were sent to addresses of organisations, 30 days after they were written, or given up on."),
        table="billing_webhook_delivery",
        column="created_at",
        keep=timedelta(days=30),
        condition="state <> 'queued'",
        sample=(("created_at", _("Written")), ("type", _("Event")), ("state", _("State"))),
        category="execution-logs",
        floor=timedelta(days=7),  # Longer than a delivery is tried.
        max_share=100,
    )
)
