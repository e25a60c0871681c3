"""Upkeep in the words of the pages, by noun."""
