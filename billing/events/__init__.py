"""Events of billing, by noun."""

from billing.events import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    demo,
    invoices,
    ledger,
    payments,
    subscriptions,
    usage,
    webhooks,
)
