"""Tests of the series, the alert rules, and a real Prometheus that reads them."""
