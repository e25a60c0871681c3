"""Fixtures of the roof."""

import pytest

from maintenance import publisher


@pytest.fixture
def quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the test executes runs: nothing is published."""
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
