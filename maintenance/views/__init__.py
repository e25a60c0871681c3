"""Pages of upkeep, by noun."""
