"""Permissions over the API."""
