"""Fixtures of the whole suite.

- `db` (pytest-django): the test runs in a transaction of the application role that is rolled back.
- `own_database`: a database of the test's own, for what must commit (races, kills, jobs); dropped afterwards.
- `world`: the named people: root, admin, manager, clerk (platform role user) and stranger (no role). They stand in a
  second template, and each worker has a clone of both: making them anew would be a fifth of the suite.
- `browser_of(person)`: a Django test client that is signed in as that person.
`transaction=True` and flush are never used: a truncate guard would break them, and `own_database` is faster.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, connections
from django.test import Client
from django.test.signals import setting_changed
from pytest_django import DjangoDbBlocker
from whitenoise import WhiteNoise

from accounts.models import User
from audit import personal
from audit.services import event_record, events_record
from maintenance.system import panels
from portal.home import boards
from portal.kit import pseudo
from portal.kit.mode import state
from portal.kit.record import record, record_many
from rbac import decision
from tests.factories import World, known_world, make_world, signed_in
from tests.plugin import COVERED


def _pseudo_again(**_kwargs: object) -> None:
    # Django forgets every catalogue when a test changes the languages.
    pseudo.install()


setting_changed.connect(_pseudo_again)

TEMPLATE = "steward"
PEOPLED = "steward_world"
_DATABASES = pytest.StashKey[dict[str, str]]()
_WANTED = pytest.StashKey[str]()
# Argon2 is slow on purpose; what the tests look at is the same with its lightest parameters.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 1024, 1


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _admin(statement: str) -> None:
    with psycopg.connect(_named(os.environ["STEWARD_TEST_ADMIN_URL"], "postgres"), autocommit=True) as admin:
        admin.execute(statement)


def _clone(name: str, template: str = TEMPLATE) -> None:
    # Cloning is refused while another worker clones the same template; PostgreSQL says so at once, so they queue here.
    with psycopg.connect(_named(os.environ["STEWARD_TEST_ADMIN_URL"], "postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(7)")
        if (
            template == PEOPLED
            and not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [PEOPLED]).fetchone()
        ):
            _copy(admin, PEOPLED, TEMPLATE)
            with looking_around(PEOPLED):
                make_world(number=0)
        _copy(admin, name, template)


def _copy(admin: psycopg.Connection, name: str, template: str) -> None:
    admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER steward_owner'.encode())


def _use(name: str) -> None:
    connections.close_all()
    connection.settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker, worker_id: str, pytestconfig: pytest.Config) -> Iterator[None]:
    """One clone of each template for each worker process; `pytest_runtest_setup` chooses between them."""
    names = {template: f"test_{worker_id}_{uuid4().hex[:8]}" for template in (TEMPLATE, PEOPLED)}
    with django_db_blocker.unblock():
        for template, name in names.items():
            _clone(name, template)
        _use(names[pytestconfig.stash[_WANTED]])
    pytestconfig.stash[_DATABASES] = names
    yield
    with django_db_blocker.unblock():
        _use(TEMPLATE)
    for name in names.values():
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Connect to the database that the test needs, before its transaction begins."""
    wanted = PEOPLED if "world" in getattr(item, "fixturenames", ()) else TEMPLATE
    item.config.stash[_WANTED] = wanted
    name = item.config.stash.get(_DATABASES, {}).get(wanted)
    if name is not None and connection.settings_dict["NAME"] != name:
        _use(name)


@contextmanager
def looking_around(name: str) -> Iterator[None]:
    """Be connected to the database `name`. What the test looks up by itself is seen as the platform; requests and
    services put up their own walls."""
    before = str(connection.settings_dict["NAME"])
    connection.settings_dict["OPTIONS"]["options"] = "-c role=steward_platform"
    _use(name)
    try:
        yield
    finally:
        del connection.settings_dict["OPTIONS"]["options"]
        _use(before)


@pytest.fixture
def own_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config
) -> Iterator[dict[str, str]]:
    """A committed database of this test's own; yields the environment for child processes that shall use it."""
    name = f"own_{uuid4().hex[:12]}"
    with django_db_blocker.unblock():
        _clone(name, pytestconfig.stash[_WANTED])
    with django_db_blocker.unblock(), looking_around(name):
        yield {
            **os.environ,
            "DATABASE_URL": _named(os.environ["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": _named(os.environ["DATABASE_OWNER_URL"], name),
        }
    _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session", autouse=True)
def _events_are_noted(pytestconfig: pytest.Config) -> Iterator[None]:
    """Note the code of every event that a test produces; `tests.plugin` asks at the end whether all of them came."""
    seen = pytestconfig.stash[COVERED]
    kept = event_record, events_record

    def one(code: str, **values: Any) -> None:
        seen.add(code)
        kept[0](code, **values)

    def many(code: str, rows: Any) -> None:
        seen.add(code)
        kept[1](code, rows)

    record._function, record_many._function = one, many
    yield
    record._function, record_many._function = kept


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_through_once() -> Iterator[None]:
    """Each test client has middleware of its own, and WhiteNoise looks through all static files when it is made: a
    quarter of the time of a test of a page. A server does it once in its life."""
    looked: dict[tuple[str, str], dict[str, Any]] = {}
    look = WhiteNoise.update_files_dictionary

    def once(self: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in looked:
            look(self, root, prefix)
            looked[root, prefix] = dict(self.files)
        self.files.update(looked[root, prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", once)
        yield


@pytest.fixture(autouse=True)
def _sees_every_organisation(request: pytest.FixtureRequest) -> None:
    """What a test with `db` looks up by itself is seen as the platform; requests of its clients stand behind their wall."""
    asks = {"db", "world"} & set(request.fixturenames) or request.node.get_closest_marker("django_db")
    if asks and "own_database" not in request.fixturenames:
        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'steward_platform', true)")


@pytest.fixture(autouse=True)
def _no_memory_between_tests(request: pytest.FixtureRequest) -> None:
    """Rolled-back stamps and keys come again with other meanings; nothing is remembered from test to test."""
    decision.forget_everything()
    personal.forget_everything()
    state.forget()
    if not {"db", "world", "own_database"} & set(request.fixturenames) and not request.node.get_closest_marker(
        "django_db"
    ):
        state._kept.until = inf  # Without a database no setting is kept, and none is asked for.
    panels.forget_everything()
    boards.forget_everything()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The named people, in the database of the test (`own_database` when it asked for that, else `db`)."""
    request.getfixturevalue("own_database" if "own_database" in request.fixturenames else "db")
    return known_world()


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """Signs a person in and gives its browser."""
    return signed_in
