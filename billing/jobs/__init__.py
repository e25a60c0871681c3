"""Jobs and schedules of billing, by noun."""

from billing.jobs import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    imports,
    invoices,
    ledger,
    payments,
    revenue,
    subscriptions,
    usage,
    webhooks,
)
