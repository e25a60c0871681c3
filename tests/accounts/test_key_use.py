"""What the use of keys leaves behind, warnings of their end, their series and their clean-up."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from accounts import key_use
from accounts.key_readings import read_keys
from accounts.key_selectors import uses_of
from accounts.models import Key, KeyUse
from accounts.services.key_warnings import keys_warn
from accounts.services.keys import key_rotate
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.models.notices import Notice
from portal.kit.services import writing
from tests.accounts.helpers import events
from tests.accounts.key_world import call, make_key, make_service, row
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def counted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use is counted, and written when the test says so."""
    settings.STEWARD_KEY_USE = True
    monkeypatch.setattr(key_use, "_wake", lambda: None)
    key_use._counted.clear()
    yield
    key_use._counted.clear()


def test_calls_are_counted_by_day_and_answer_and_the_newest_is_kept(house: House, counted: None) -> None:
    key, secret = make_key(house.editor, house, scopes=["organisation:read"])
    path = f"/api/v1/organisations/{house.id}"
    for _ in range(3):
        call(secret, path)
    call(secret, path, "PATCH", {"name": "Mine"})
    later = clock.now() + timedelta(seconds=5)
    with clock.at(later):
        call(secret, path, address="192.0.2.8")
    assert row(key).last_used_at is None, "nothing is written on the way of a call"
    assert key_use.flush()
    (use,) = KeyUse.objects.filter(key=key)
    assert (use.calls, use.refused, use.failed, use.organisation_id) == (5, 1, 0, house.id)
    assert (row(key).last_used_at, row(key).last_address) == (later, "192.0.2.8")
    call(secret, path)
    assert key_use.flush()
    assert KeyUse.objects.get(key=key).calls == 6


def test_a_call_with_a_key_writes_nothing_itself(house: House, counted: None) -> None:
    _key, secret = make_key(house.editor, house)
    call(secret)
    with CaptureQueriesContext(connection) as caught:
        call(secret)
    assert [
        query["sql"] for query in caught if not query["sql"].lstrip().startswith(("SELECT", "SAVEPOINT", "RELEASE"))
    ] == []


def test_many_keys_are_written_in_one_statement_and_those_that_are_gone_left_out(world: World, counted: None) -> None:
    secrets = [make_key(world.manager, name=f"Key {number}")[1] for number in range(5)]
    for secret in secrets:
        call(secret)
    slot = next(iter(key_use._counted))
    gone = key_use._counted[slot]
    key_use._counted[uuid4(), gone.day] = type(gone)(uuid4(), gone.day, gone.moment, None, calls=3)
    with CaptureQueriesContext(connection) as caught:
        assert key_use.flush()
    assert sum("accounts_key_use" in query["sql"] for query in caught) == 1
    assert KeyUse.objects.count() == 5


def test_what_the_database_cannot_take_now_waits(world: World, counted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = make_key(world.manager)
    call(secret)

    def away(**_values: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(key_use, "key_uses_add", away)
        assert not key_use.flush()
    call(secret)
    assert key_use.flush()
    assert KeyUse.objects.get(key=key).calls == 2
    assert key_use.flush()
    assert KeyUse.objects.get(key=key).calls == 2


def test_it_can_be_switched_off(world: World, counted: None, settings: Any) -> None:
    settings.STEWARD_KEY_USE = False
    _key, secret = make_key(world.manager)
    call(secret)
    assert key_use._counted == {}


def test_the_last_thirty_days_are_shown_with_those_without_a_call(house: House, counted: None) -> None:
    key, secret = make_key(house.editor, house)
    call(secret)
    key_use.flush()
    with context.acting(actor_of(house.editor)):
        days = uses_of(row(key))
    assert len(days) == 30
    assert [day.calls for day in days] == [0] * 29 + [1]


# --- warnings ---


def _warn() -> int:
    with context.system("a test") as current:
        return keys_warn(actor=current.actor)


def test_an_owner_is_told_thirty_and_seven_days_before_and_once_each(house: House) -> None:
    key, _secret = make_key(house.editor, house, lasts=timedelta(days=90))
    before = OutboundMessage.objects.count()
    told = []
    for days in (59, 61, 62, 82, 83.5, 84, 89, 91):
        with clock.at(key.created_at + timedelta(days=days)):
            _warn()
            told.append(OutboundMessage.objects.count() - before)
    assert told == [0, 1, 1, 1, 2, 2, 2, 2]
    assert Notice.objects.filter(person=house.editor, url=f"/o/{house.organisation.slug}/keys/{key.pk}").count() == 2
    assert [event.data["days"] for event in events("accounts.key.warned")] == [29, 7]
    newest = OutboundMessage.objects.order_by("-id")[0]
    assert (newest.person_id, key.prefix in newest.text) == (house.editor.pk, True)


def test_a_short_life_is_not_warned_of_from_its_first_day_and_a_rotated_key_not_at_all(world: World) -> None:
    short, _secret = make_key(world.manager, lasts=timedelta(days=20))
    daily, _secret = make_key(world.manager, lasts=timedelta(days=5))
    rotated, _secret = make_key(world.manager, lasts=timedelta(days=90))
    assert _warn() == 0
    with clock.at(rotated.created_at + timedelta(days=80)), context.acting(actor_of(world.manager)):
        key_rotate(actor=actor_of(world.manager), key=rotated)
        assert _warn() == 0
    with clock.at(short.created_at + timedelta(days=14)):
        assert _warn() == 1
    assert row(short).warned_days == 7
    assert row(daily).warned_days is None


def test_of_a_service_accounts_key_whoever_made_it_is_told_and_else_the_owners(house: House) -> None:
    service = make_service(house)
    by_admin, _secret = make_key(house.admin, house, service=service, lasts=timedelta(days=40))
    orphan, _secret = make_key(house.owner, house, service=service, lasts=timedelta(days=40))
    with context.system("a test"), writing():
        Key.objects.filter(pk=orphan.pk).update(created_by=uuid4())
    with clock.at(by_admin.created_at + timedelta(days=15)):
        assert _warn() == 2
    assert list(Notice.objects.order_by("pk").values_list("person_id", flat=True)) == [house.admin.pk, house.owner.pk]


# --- series ---


def test_the_series_count_keys_and_calls_by_kind_and_never_by_key(house: House, world: World, counted: None) -> None:
    _live, secret = make_key(house.editor, house, lasts=timedelta(days=100))
    _test, test_secret = make_key(world.manager, live=False, lasts=timedelta(days=5))
    make_key(house.owner, house, service=make_service(house), lasts=timedelta(days=100))
    bound, bound_secret = make_key(world.manager, addresses=["192.0.2.0/24"], lasts=timedelta(days=100))
    call(secret)
    call(test_secret)
    call(test_secret, "/api/v1/users/me/keys")
    call(bound_secret, address="198.51.100.1")
    key_use.flush()
    found = {name: dict(samples) for name, samples in read_keys().items()}
    assert found["steward_accounts_keys_live"] == {("person",): 3, ("service",): 1}
    assert found["steward_accounts_keys_ending"] == {(): 1}
    assert found["steward_accounts_key_calls"][("live", "answered")] == 1
    assert found["steward_accounts_key_calls"][("test", "refused")] == 1
    assert found["steward_accounts_key_refusals"] == {(): 1}
    assert bound.prefix not in str(found)
