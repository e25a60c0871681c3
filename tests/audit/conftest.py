"""Fixtures of the tests of the record."""

from tests.maintenance.conftest import broker, start_worker

__all__ = ["broker", "start_worker"]
