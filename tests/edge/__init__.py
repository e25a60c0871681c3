"""Tests of the edge: logs, scrubbing, error reports, health and metrics."""
