"""Rights of billing, by noun."""

from billing.permissions import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    invoices,
    ledger,
    payments,
    subscriptions,
    usage,
    webhooks,
)
