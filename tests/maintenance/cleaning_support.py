"""What tests of clean-ups share: declared for one test, looked at, confirmed, run."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from maintenance import cleaning, runner
from maintenance.models import JobRun
from maintenance.services import cleanups, runs
from portal.kit import context, registry
from portal.kit.context import Actor
from portal.kit.registry import Cleanup
from tests.maintenance.conftest import fresh

DAY = timedelta(days=1)
Declare = Callable[[Cleanup], Cleanup]
THINGS = """
CREATE TABLE things (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz NOT NULL, log text NOT NULL DEFAULT 'x');
GRANT SELECT, INSERT, UPDATE, DELETE ON things TO steward_app, steward_platform;
"""


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declares a clean-up for one test."""

    def add(spec: Cleanup) -> Cleanup:
        monkeypatch.setitem(registry.cleanups._items, spec.name, spec)
        return spec

    return add


def things(**values: Any) -> Cleanup:
    """A clean-up of the table `things`."""
    given: dict[str, Any] = {
        "table": "things",
        "column": "at",
        "keep": 30 * DAY,
        "sample": (("at", "At"),),
        "max_share": 100,
    }
    return Cleanup("kit.things", "Things", "Old things", **(given | values))


def as_owner(environment: Mapping[str, str], *statements: str) -> list[Any]:
    """Statements of the owner, each by itself; the rows of the last."""
    found: list[Any] = []
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for statement in statements:
            cursor = owner.execute(statement)
            found = cursor.fetchall() if cursor.description else []
    return found


def ran(actor: Actor, name: str, *, word: str = "", hours: int | None = None) -> JobRun:
    """Previewed, confirmed and done."""
    run_id = started(actor, name, word=word, hours=hours)
    runner.execute(run_id)
    return fresh(run_id)


def started(actor: Actor, name: str, *, word: str = "", hours: int | None = None) -> UUID:
    """Previewed, confirmed and queued."""
    with context.acting(actor):
        look = cleaning.preview if name in registry.cleanups else cleaning.overview
        token = look(actor=actor, name=name, hours=hours).token
        return cleanups.cleanup_start(actor=actor, name=name, token=token, word=word)


def unconfirmed(actor: Actor, **args: Any) -> JobRun:
    """Run as a schedule does: nobody has looked."""
    with context.acting(actor):
        run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args=args)
    runner.execute(run_id)
    return fresh(run_id)


def result_of(run: JobRun) -> dict[str, Any]:
    """The result of a run that ended well."""
    assert run.state == "succeeded", (run.state, run.error, run.log)
    assert run.result is not None
    return dict(run.result)
