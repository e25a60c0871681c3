"""Reads of upkeep, by noun."""
