"""Fixtures of the tests of accounts."""

import pytest

from maintenance import publisher


@pytest.fixture
def quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is the truth; nobody listens to the broker here."""
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
