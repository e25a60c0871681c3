"""Fixtures of the tests of the record."""

import pytest

from portal.kit import ids
from tests.maintenance.conftest import broker, start_worker

__all__ = ["broker", "start_worker"]


@pytest.fixture(autouse=True)
def _ids_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids never go back within a process; a test that looked at tomorrow must not leave tomorrow's to the next one."""
    monkeypatch.setattr(ids, "_last_ms", 0)
