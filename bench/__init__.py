"""Measurements of the mechanisms, each beside its limit: `make bench` prints the table of `docs/benchmarks.md`."""
