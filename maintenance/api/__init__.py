"""API of upkeep."""
