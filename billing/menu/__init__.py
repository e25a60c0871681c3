"""Entries of the navigation of billing, by noun."""

from billing.menu import (  # noqa: F401 - each declares its own
    catalogue,
    customers,
    invoices,
    ledger,
    payments,
    subscriptions,
    usage,
    webhooks,
)
