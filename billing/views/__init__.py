"""Pages of billing, by noun."""
