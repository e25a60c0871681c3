"""Billing in the API."""
