"""What is kept about people of billing, by noun."""

from billing.personal_data import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    invoices,
    ledger,
    payments,
    subscriptions,
    usage,
    webhooks,
)
