"""Reads of billing, by noun."""
