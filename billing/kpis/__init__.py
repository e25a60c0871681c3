"""Key figures of billing, by where they come from; conventions as in each definition."""

from billing.kpis import adoption, documents, health, movements, sales, trials  # noqa: F401 - each declares its own
