"""Lock-out: 1, 5, 15, then 60 minutes; for the pair of account and address; never extended by failing on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.lockout import ACCOUNT_LIMIT, ADDRESS_LIMIT, locked_people, slots
from accounts.models import SignInCounter, User
from accounts.services import users
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import denials, events, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def _attempt(user: User, password: str = "wrong", *, at: datetime, address: str = HERE) -> Any:
    with clock.at(at):
        return sign_in(Client(REMOTE_ADDR=address), user.username, password)


def _succeeds(user: User, *, at: datetime, address: str = HERE) -> bool:
    return bool(_attempt(user, PASSWORD, at=at, address=address).status_code == 302)


def _pair(user: User, address: str = HERE) -> SignInCounter:
    return SignInCounter.objects.get(slot=slots(str(user.pk), address)[0][0])


@pytest.fixture
def start(world: World) -> datetime:
    """A moment to count from."""
    return clock.now().replace(microsecond=0)


def test_four_failures_lock_nobody_out(world: World, start: datetime) -> None:
    for _ in range(4):
        _attempt(world.clerk, at=start)
    assert _succeeds(world.clerk, at=start)


def test_locks_last_one_five_fifteen_and_then_sixty_minutes(world: World, start: datetime) -> None:
    for _ in range(4):
        _attempt(world.clerk, at=start)
    now = start
    for minutes in (1, 5, 15, 60, 60):
        _attempt(world.clerk, at=now)
        assert _pair(world.clerk).locked_until == now + timedelta(minutes=minutes)
        assert not _succeeds(world.clerk, at=now + timedelta(minutes=minutes, seconds=-1))
        now += timedelta(minutes=minutes, seconds=1)
    assert _succeeds(world.clerk, at=now)
    assert [event.data["minutes"] for event in events("accounts.session.locked")] == [1, 5, 15, 60, 60]


def test_a_failure_during_a_lock_does_not_extend_it(world: World, start: datetime) -> None:
    for _ in range(5):
        _attempt(world.clerk, at=start)
    before = vars(_pair(world.clerk)).copy()
    for second in range(1, 60, 10):
        _attempt(world.clerk, at=start + timedelta(seconds=second))
    after = vars(_pair(world.clerk)).copy()
    before.pop("_state"), after.pop("_state")
    assert after == before
    assert _succeeds(world.clerk, at=start + timedelta(seconds=61))


def test_a_sign_in_resets_the_count(world: World, start: datetime) -> None:
    for _ in range(4):
        _attempt(world.clerk, at=start)
    assert _succeeds(world.clerk, at=start)
    for _ in range(4):
        _attempt(world.clerk, at=start)
    assert _succeeds(world.clerk, at=start)


def test_user_name_and_address_of_one_person_count_together(world: World, start: datetime) -> None:
    with clock.at(start):
        for identifier in (world.clerk.username, world.clerk.email, world.clerk.email.upper()) * 2:
            sign_in(Client(REMOTE_ADDR=HERE), identifier, "wrong")
    assert not _succeeds(world.clerk, at=start)


def test_a_stranger_elsewhere_locks_only_itself_out(world: World, start: datetime) -> None:
    for _ in range(8):
        _attempt(world.clerk, at=start, address=ELSEWHERE)
    assert not _succeeds(world.clerk, at=start, address=ELSEWHERE)
    assert _succeeds(world.clerk, at=start, address=HERE)


def test_addresses_of_one_ipv6_network_count_as_one(world: World, start: datetime) -> None:
    for host in range(1, 6):
        _attempt(world.clerk, at=start, address=f"2001:db8:1:2::{host}")
    assert not _succeeds(world.clerk, at=start, address="2001:db8:1:2:ffff::9")
    assert _succeeds(world.clerk, at=start, address="2001:db8:1:3::1")


def test_a_day_of_quiet_forgets_the_failures(world: World, start: datetime) -> None:
    for _ in range(4):
        _attempt(world.clerk, at=start)
    later = start + timedelta(hours=24, seconds=1)
    _attempt(world.clerk, at=later)
    assert _pair(world.clerk).failures == 1


@pytest.mark.parametrize(("place", "limit"), [(1, ACCOUNT_LIMIT), (2, ADDRESS_LIMIT)])
def test_many_failures_from_many_places_or_on_many_accounts_lock_too(
    world: World, start: datetime, place: int, limit: int
) -> None:
    slot = slots(str(world.clerk.pk), HERE)[place][0]
    with context.system("a test"), writing():
        SignInCounter.objects.create(slot=slot, failures=limit - 1, last_at=start)
    _attempt(world.clerk, at=start)
    assert not _succeeds(world.clerk, at=start + timedelta(minutes=14))
    assert _succeeds(world.clerk, at=start + timedelta(minutes=15, seconds=1))


def test_a_burst_of_parallel_guesses_gets_no_more_tries_than_one_after_the_other(
    own_database: dict[str, str], world: World
) -> None:
    def guess(number: int) -> int:
        try:
            return int(sign_in(Client(REMOTE_ADDR=HERE), world.clerk.username, f"guess {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(guess, range(8))) == {422}
    assert _pair(world.clerk).failures == 5
    assert len(events("accounts.session.refused")) == 8


def _lock_out(user: User, *, at: datetime, address: str = HERE) -> None:
    for _ in range(5):
        _attempt(user, at=at, address=address)


def test_a_lock_mails_the_owner_once_a_spell(world: World, start: datetime) -> None:
    for _ in range(4):
        _attempt(world.clerk, at=start)
    assert OutboundMessage.objects.count() == 0
    _attempt(world.clerk, at=start)
    (mail,) = OutboundMessage.objects.all()
    assert (mail.person_id, mail.address) == (world.clerk.pk, world.clerk.email)
    assert mail.subject == "Signing in to your account is locked for a while"
    assert "wrong" not in mail.subject
    now = start
    for minutes in (1, 5, 15):
        now += timedelta(minutes=minutes, seconds=1)
        _attempt(world.clerk, at=now)
    _lock_out(world.clerk, at=now, address=ELSEWHERE)
    assert OutboundMessage.objects.count() == 1
    _lock_out(world.clerk, at=now + timedelta(hours=3))
    assert OutboundMessage.objects.count() == 2


def test_a_lock_of_an_account_that_nobody_has_mails_nobody_and_names_nobody(db: None) -> None:
    for _ in range(6):
        sign_in(Client(REMOTE_ADDR=HERE), "no-such-person", "wrong")
    assert OutboundMessage.objects.count() == 0
    (event,) = events("accounts.session.locked")
    assert (event.target_id, event.data["slot"]) == (None, "pair")


def test_a_lock_stands_in_the_history_of_its_account(world: World, start: datetime) -> None:
    _lock_out(world.clerk, at=start)
    (event,) = events("accounts.session.locked")
    assert event.target_id == world.clerk.pk


def test_who_is_locked_and_until_when_is_told_in_one_query_for_all(
    world: World, start: datetime, django_assert_num_queries: Any
) -> None:
    _lock_out(world.clerk, at=start)
    _lock_out(world.clerk, at=start, address="2001:db8:1:2::1")
    _lock_out(world.manager, at=start - timedelta(minutes=2))
    people = [world.clerk.pk, world.manager.pk, world.admin.pk]
    with clock.at(start + timedelta(seconds=30)), django_assert_num_queries(1):
        assert locked_people(people) == {world.clerk.pk: start + timedelta(minutes=1)}
    with clock.at(start + timedelta(seconds=61)):
        assert locked_people(people) == {}
    assert locked_people([]) == {}


def test_an_administrator_unlocks_and_the_person_gets_in_at_once(world: World, start: datetime) -> None:
    _lock_out(world.clerk, at=start)
    _lock_out(world.clerk, at=start, address="2001:db8:1:2::1")
    client = signed_in(world.admin)
    with clock.at(start + timedelta(seconds=5)):
        page = client.get(f"/platform/people/{world.clerk.pk}")
        assert "Locked for 1 minute" in text_of(page)
        assert f'action="/platform/people/{world.clerk.pk}/unlock"' in page.content.decode()
        assert not _succeeds(world.clerk, at=start + timedelta(seconds=5))
        response = client.post(f"/platform/people/{world.clerk.pk}/unlock")
        assert response["Location"] == f"/platform/people/{world.clerk.pk}"
        assert _succeeds(world.clerk, at=start + timedelta(seconds=5))
        assert "Locked" not in text_of(client.get(f"/platform/people/{world.clerk.pk}"))
    (event,) = events("accounts.user.unlocked")
    assert (event.actor_id, event.target_id, event.data) == (world.admin.pk, world.clerk.pk, {"locks": 2})


def test_unlocking_what_is_not_locked_records_nothing(world: World, start: datetime) -> None:
    for _ in range(3):
        _attempt(world.clerk, at=start)
    with context.acting(actor_of(world.admin)):
        assert users.user_unlock(actor=actor_of(world.admin), user=world.clerk) is False
    assert not events("accounts.user.unlocked")
    assert not SignInCounter.objects.filter(slot__contains=str(world.clerk.pk)).exists()


def test_unlocking_one_person_opens_nobody_else(world: World, start: datetime) -> None:
    _lock_out(world.clerk, at=start)
    _lock_out(world.manager, at=start)
    with context.acting(actor_of(world.admin)):
        users.user_unlock(actor=actor_of(world.admin), user=world.clerk)
    with clock.at(start + timedelta(seconds=5)):
        assert list(locked_people([world.clerk.pk, world.manager.pk])) == [world.manager.pk]


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_unlocks_nobody(world: World, start: datetime, who: str) -> None:
    victim = person("Victim")
    _lock_out(victim, at=start)
    assert signed_in(getattr(world, who)).post(f"/platform/people/{victim.pk}/unlock").status_code == 403
    with clock.at(start):
        assert list(locked_people([victim.pk])) == [victim.pk]
    assert not events("accounts.user.unlocked")


def test_nobody_else_unlocks_the_root_administrator(world: World, start: datetime) -> None:
    _lock_out(world.root, at=start)
    assert signed_in(world.admin).post(f"/platform/people/{world.root.pk}/unlock").status_code == 403
    assert denials() == ["accounts.root_protected"]
    with clock.at(start):
        assert list(locked_people([world.root.pk])) == [world.root.pk]
