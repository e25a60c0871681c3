"""Keys in a database of their own: what happens at once, and what raw SQL sees behind the wall."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from accounts.errors import KeyOver, KeysTooMany
from accounts.jobs import WARN_KEYS
from accounts.models import Key, KeyUse
from accounts.services import key_warnings
from accounts.services import keys as services
from accounts.services.keys import key_rotate
from audit.models import Event
from maintenance import cleaning
from maintenance.services.runs import run_enqueue
from portal.kit import clock, context
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.accounts.helpers import worked
from tests.accounts.key_world import make_key, make_service, row
from tests.accounts.organisation_world import make_house
from tests.factories import actor_of, make_world


def test_of_many_rotations_at_once_one_is_done(own_database: dict[str, str]) -> None:
    world = make_world()
    key, _secret = make_key(world.manager)
    start = Barrier(8)

    def rotate(_number: int) -> bool:
        try:
            with context.system("a test"):
                start.wait(10)
                with suppress(KeyOver):
                    key_rotate(actor=actor_of(world.manager), key=Key(pk=key.pk, owner_id=key.owner_id))
                    return True
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(rotate, range(8)))
    assert sum(done) == 1
    with context.system("a test"), behind_the_wall():
        assert Key.objects.count() == 2
        assert row(key).replaced_by == Key.objects.exclude(pk=key.pk).get().pk


def test_of_many_made_at_once_no_more_than_allowed_are_there(
    own_database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LIVE_LIMIT", 3)
    world = make_world()
    start = Barrier(8)

    def make(number: int) -> None:
        try:
            with context.system("a test"):
                start.wait(10)
                with suppress(KeysTooMany):
                    make_key(world.manager, name=f"Key {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    with context.system("a test"), behind_the_wall():
        assert Key.objects.count() == 3


def test_raw_sql_of_one_organisation_sees_no_key_of_another(own_database: dict[str, str]) -> None:
    make_world()
    here, there = make_house("Here"), make_house("There")
    make_key(here.editor, here)
    theirs, _secret = make_key(there.editor, there)
    make_service(there)
    with context.use(context.Context(actor=here.inside(here.owner))), writing(), connection.cursor() as cursor:
        for table in ("accounts_key", "accounts_service_account", "accounts_key_use"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE organisation_id = %s", [there.id])
            assert cursor.fetchone() == (0,), table
        cursor.execute("UPDATE accounts_key SET name = 'Taken' WHERE id = %s", [theirs.pk])
        assert cursor.rowcount == 0
        cursor.execute("SELECT count(*) FROM accounts_key")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(*) FROM kit_search_token WHERE kind = 'key' AND object_id = %s", [theirs.pk])
        assert cursor.fetchone() == (0,)


def _aged(key: Key, *, made: int, ends: int) -> None:
    """Make a key so many days old, ending in so many."""
    now = clock.now()
    moved = {"created_at": now - timedelta(days=made), "expires_at": now + timedelta(days=ends)}
    with context.system("a test"), writing():
        Key.objects.filter(pk=key.pk).update(**moved)


def test_the_job_tells_of_all_that_are_due_batch_by_batch(
    own_database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_warnings, "BATCH", 2)
    world = make_world()
    for number in range(5):
        _aged(make_key(world.manager, name=f"Key {number}")[0], made=60, ends=5)
    with context.system("a test") as current:
        run = worked(run_enqueue(WARN_KEYS, actor=current.actor, args={}))
    assert (run.state, run.result) == ("succeeded", {"warned": 5})
    assert set(Key.objects.values_list("warned_days", flat=True)) == {7}


def test_long_ended_keys_go_with_their_counts_and_stay_in_the_trail(own_database: dict[str, str]) -> None:
    world = make_world()
    old, ended, live = (make_key(world.manager, name=name)[0] for name in ("Old", "Ended", "Live"))
    _aged(old, made=200, ends=-91)
    _aged(ended, made=200, ends=-89)
    with context.system("a test"), writing():
        for key in (old, ended):
            KeyUse.objects.create(key=key, day=clock.now().date(), calls=1)
    with context.system("a test") as current:
        run = worked(run_enqueue(cleaning.JOB, actor=current.actor, args={"cleanup": "accounts.keys"}))
    assert run.state == "succeeded"
    assert set(Key.objects.values_list("pk", flat=True)) == {ended.pk, live.pk}
    assert [use.key_id for use in KeyUse.objects.all()] == [ended.pk]
    assert Event.objects.filter(code="accounts.key.created", target_id=old.pk).count() == 1
