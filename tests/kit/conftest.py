"""Fixtures of the request path."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.kit import routes
from tests.kit.support import Observer


@pytest.fixture
def routed(settings: Settings) -> Iterator[Client]:
    """A client of a portal with the routes of these tests; errors are answered as in production."""
    settings.ROOT_URLCONF = "tests.kit.routes"
    routes.seen.clear()
    routes.committed.clear()
    yield Client(raise_request_exception=False)
    routes.seen.clear()
    routes.committed.clear()


@pytest.fixture
def observer(own_database: dict[str, str]) -> Iterator[Observer]:
    """An administrator's own connection, which sees what the server knows of ours and can end it."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname=name, autocommit=True) as admin:
        yield admin
