"""Lists of billing, by noun."""

from billing.lists import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    invoices,
    ledger,
    payments,
    subscriptions,
    usage,
    webhooks,
)
