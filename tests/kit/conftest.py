"""Fixtures of the request path."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from tests.kit import routes


@pytest.fixture
def routed(settings: Settings) -> Iterator[Client]:
    """A client of a portal with the routes of these tests; errors are answered as in production."""
    settings.ROOT_URLCONF = "tests.kit.routes"
    routes.seen.clear()
    routes.committed.clear()
    yield Client(raise_request_exception=False)
    routes.seen.clear()
    routes.committed.clear()
