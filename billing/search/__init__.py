"""What the search finds of billing, by noun."""

from billing.search import catalogue, customers, documents, ledger  # noqa: F401 - each declares its own
