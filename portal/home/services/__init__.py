"""Writes of the roof."""
