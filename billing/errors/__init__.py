"""Errors of billing, by noun."""
