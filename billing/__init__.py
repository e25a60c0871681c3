"""Money: plans, subscriptions, invoices and the ledger."""
