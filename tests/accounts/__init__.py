"""Tests of people and sessions."""
