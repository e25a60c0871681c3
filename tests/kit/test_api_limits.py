"""Rate limits: a bucket per caller, shared through Redis, and a fair share for each process without it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from portal.kit import context, errors, limits
from portal.kit.limits import Limit, Limiter, RedisStore, Told
from tests.factories import World
from tests.kit.test_api_routes import ROUTES
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
BrowserOf = Callable[[User], Client]
URL = "/api/v1/things"
TEN = Limit("ten", "unused", "actor", seconds=60)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Memory:
    """A store like Redis, on the clock of the test; it can be away."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.away, self.levels = clock, False, dict[str, tuple[float, float]]()

    def settle(self, told: Sequence[Told]) -> list[float]:
        if self.away:
            raise redis.ConnectionError("away")
        found = []
        for one in told:
            level, at = self.levels.get(one.key, (float(one.number), self.clock.now))
            level = min(one.number, level + (self.clock.now - at) * one.number / one.seconds) - one.spent
            self.levels[one.key] = (level, self.clock.now)
            found.append(level)
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    return Memory(clock)


WAKE = Limiter._wake


@pytest.fixture(autouse=True)
def _settled_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread settles while a test counts."""
    monkeypatch.setattr(Limiter, "_wake", lambda self: None)


def process(memory: Memory, clock: Clock, *, of: int = 1) -> Limiter:
    return Limiter(lambda: memory, of, clock)


def given(limiter: Limiter, tries: int = 100, *, subject: object = "ada", number: int = 10) -> int:
    return sum(limiter.take(TEN, subject, number).allowed for _ in range(tries))


def test_a_burst_is_given_up_to_the_limit_and_then_as_it_grows_again(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)

    assert given(limiter) == 10
    clock.now += 5.9
    assert given(limiter) == 0
    clock.now += 0.2
    assert given(limiter) == 1
    clock.now += 3600
    assert given(limiter) == 10


def test_callers_have_nothing_to_do_with_each_other(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)

    assert [given(limiter, subject=subject) for subject in ("ada", "bruno", "ada")] == [10, 10, 0]


def test_what_is_told_about_a_bucket_is_what_it_holds(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)

    first = limiter.take(TEN, "ada", 10)
    assert (first.allowed, first.number, first.left, first.reset, first.wait) == (True, 10, 9, 6, 0)
    given(limiter)
    refused = limiter.take(TEN, "ada", 10)
    assert (refused.allowed, refused.left, refused.reset, refused.wait) == (False, 0, 60, 6)


def test_a_clock_that_steps_back_gives_and_takes_nothing(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)
    given(limiter, 5)

    clock.now -= 500

    assert given(limiter) == 5


def test_two_processes_give_no_more_than_one_before_they_have_heard_of_each_other(memory: Memory, clock: Clock) -> None:
    both = [process(memory, clock, of=2) for _ in range(2)]

    assert [given(one) for one in both] == [5, 5]
    both[0].settle()
    both[1].settle()
    assert given(both[1]) == 0
    # The first has heard before the other had told anything; one call later it knows.
    given(both[0], 1)
    both[0].settle()
    assert given(both[0]) == 0


def test_a_process_that_settles_gives_all_that_is_left(memory: Memory, clock: Clock) -> None:
    one, _idle = (process(memory, clock, of=2) for _ in range(2))

    assert given(one) == 5
    one.settle()
    assert given(one) == 5


def test_a_debt_is_paid_before_anything_is_given_again(memory: Memory, clock: Clock) -> None:
    both = [process(memory, clock, of=2) for _ in range(2)]
    for one in both:
        given(one, 1)
        one.settle()
    both[0].settle()
    # Each has just heard that 8 or 9 are left, and gives them.
    assert sum(given(one) for one in both) > 8
    for one in both:
        one.settle()

    clock.now += 6
    for one in both:
        given(one, 1)
        one.settle()

    assert sum(given(one) for one in both) == 0


def test_what_redis_said_long_ago_is_not_believed(memory: Memory, clock: Clock) -> None:
    both = [process(memory, clock, of=2) for _ in range(2)]
    given(both[0], 1)
    both[0].settle()

    clock.now += limits.FRESH_SECONDS

    # The other one may have given the whole bucket meanwhile.
    assert given(both[0]) == 5


def test_without_redis_each_process_gives_its_share_and_grows_at_its_share(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock, of=2)
    memory.away = True

    assert given(limiter) == 5
    limiter.settle()
    clock.now += 11.9
    assert given(limiter) == 0
    clock.now += 0.2
    assert given(limiter) == 1


def test_after_an_outage_nobody_owes_what_has_long_grown_again(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)
    memory.away = True
    for _minute in range(30):
        given(limiter)
        limiter.settle()
        clock.now += 60

    memory.away = False
    given(limiter, 1)
    limiter.settle()

    assert limiter.take(TEN, "ada", 10).allowed


def test_redis_is_left_alone_for_a_while_after_it_failed(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)
    memory.away = True
    given(limiter, 1)
    limiter.settle()

    memory.away = False
    given(limiter, 1)
    limiter.settle()
    assert memory.levels == {}

    clock.now += limits.BACK_OFF_SECONDS
    limiter.settle()
    assert memory.levels != {}


def test_another_limit_from_the_settings_counts_at_once(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)
    assert given(limiter, number=3) == 3
    assert given(limiter, number=20) == 20


def test_buckets_that_are_full_again_are_forgotten_and_too_many_are_not_kept(
    memory: Memory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BUCKETS", 50)
    limiter = process(memory, clock)
    for number in range(200):
        clock.now += 0.01
        limiter.take(TEN, number, 10)
    limiter.settle()
    assert len(limiter._buckets) == 50
    assert (TEN.name, 199) in limiter._buckets

    clock.now += 61
    limiter.take(TEN, "ada", 10)
    limiter.settle()
    assert set(limiter._buckets) == {(TEN.name, "ada")}


def test_threads_give_no_token_twice(memory: Memory, clock: Clock) -> None:
    limiter = process(memory, clock)
    limiter.take(TEN, "ada", 1000)
    counts: list[int] = []
    ready = threading.Barrier(8)

    def one() -> None:
        ready.wait(20)
        counts.append(given(limiter, 500, number=1000))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(counts) == 999


@pytest.fixture
def shared() -> Iterator[redis.Redis]:
    """The Redis of the test run, without what earlier tests have counted there."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    for key in client.scan_iter("steward:rate:*"):
        client.delete(key)
    yield client
    for key in client.scan_iter("steward:rate:*"):
        client.delete(key)
    client.close()


def test_redis_counts_and_fills_a_bucket_by_its_own_clock(shared: redis.Redis) -> None:
    store = RedisStore(os.environ["REDIS_URL"])
    ada, bruno = (f"steward:rate:{uuid4()}" for _ in range(2))

    assert store.settle([Told(ada, 10, 3600, 4), Told(bruno, 10, 3600, 1)]) == [6.0, 9.0]
    left = store.settle([Told(ada, 10, 3600, 4)])[0]
    assert 2.0 <= left < 3.0  # What grew meanwhile is a fraction of a token.
    assert store.settle([Told(ada, 10, 3600, 500)]) == [-10.0]
    assert 0 < shared.ttl(ada) <= 3 * 3600


PROCESS = """
import os, sys
import django
django.setup()
from portal.kit.limits import Limit, Limiter, RedisStore

Limiter._wake = lambda self: None
limiter = Limiter(lambda: RedisStore(os.environ["REDIS_URL"]), 2)
hour = Limit("hour", "unused", "actor", seconds=3600)
for line in sys.stdin:
    if line.strip() == "settle":
        limiter.settle()
        print("settled", flush=True)
    else:
        print(sum(limiter.take(hour, line.strip(), 10).allowed for _ in range(50)), flush=True)
"""


def test_two_processes_share_a_limit_through_redis(shared: redis.Redis) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", PROCESS],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    def told(one: Any, line: str) -> str:
        one.stdin.write(f"{line}\n")
        one.stdin.flush()
        return str(one.stdout.readline().strip())

    try:
        assert [told(one, "ada") for one in both] == ["5", "5"]
        assert {told(one, "settle") for one in both} == {"settled"}
        # The first to settle has heard of its own tokens only; what it gives of the others' is a debt, and the last.
        assert told(both[1], "ada") == "0"
        assert told(both[0], "ada") in {"0", "5"}
        assert {told(one, "settle") for one in both} == {"settled"}
        assert [told(one, "ada") for one in both] == ["0", "0"]
        assert told(both[0], "bruno") == "5"
        told(both[0], "settle")
        assert told(both[0], "bruno") == "5"
    finally:
        for one in both:
            one.kill()
            one.communicate(timeout=20)


def test_with_redis_gone_limits_hold_and_nothing_waits(clock: Clock) -> None:
    limiter = Limiter(lambda: RedisStore("redis://127.0.0.1:1/0"), 2, clock)

    assert given(limiter) == 5
    limiter.settle()
    assert limiter._alone
    assert given(limiter) == 0


def test_the_thread_settles_by_itself_also_after_a_failure(
    memory: Memory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limiter, "_wake", WAKE)
    limiter = process(memory, clock)
    memory.away = True
    given(limiter, 1)
    wait_for(lambda: limiter._alone, what="the failure")

    memory.away = False
    clock.now += limits.BACK_OFF_SECONDS
    given(limiter, 1)
    wait_for(lambda: bool(memory.levels), what="the thread")


@pytest.fixture
def limited(settings: Settings, monkeypatch: pytest.MonkeyPatch, memory: Memory, clock: Clock) -> Limiter:
    """Limits are on, with a limiter of this test."""
    made = process(memory, clock)
    monkeypatch.setattr(limits, "limiter", lambda: made)
    settings.STEWARD_RATE_LIMITS = True
    settings.STEWARD_RATE_API, settings.STEWARD_RATE_ANONYMOUS, settings.STEWARD_RATE_SENSITIVE = 3, 2, 1
    settings.ROOT_URLCONF = ROUTES
    return made


@pytest.mark.django_db
def test_each_reply_tells_what_is_left_and_a_refusal_how_long_to_wait(
    limited: Limiter, world: World, browser_of: BrowserOf
) -> None:
    caller = browser_of(world.clerk)
    told = [caller.get(URL) for _ in range(4)]

    assert [reply.status_code for reply in told] == [200, 200, 200, 429]
    assert [reply["RateLimit-Remaining"] for reply in told] == ["2", "1", "0", "0"]
    assert {reply["RateLimit-Limit"] for reply in told} == {"3"}
    assert (told[0]["RateLimit-Reset"], told[3]["RateLimit-Reset"]) == ("20", "60")
    assert (told[3]["Retry-After"], told[3].json()["code"]) == ("20", "kit.too_many")
    assert "Retry-After" not in told[2].headers


@pytest.mark.django_db
def test_an_error_counts_and_tells_too(limited: Limiter, world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.clerk)

    assert caller.get(f"{URL}?no=1")["RateLimit-Remaining"] == "2"
    assert caller.put(URL)["RateLimit-Remaining"] == "1"
    assert caller.post(URL, "{", content_type="application/json")["RateLimit-Remaining"] == "0"
    assert caller.get(URL).status_code == 429


@pytest.mark.django_db
def test_a_person_is_counted_over_all_its_sessions_and_a_stranger_by_address(
    limited: Limiter, world: World, browser_of: BrowserOf
) -> None:
    for _ in range(3):
        assert browser_of(world.clerk).get(URL).status_code == 200
    assert browser_of(world.clerk).get(URL).status_code == 429
    assert browser_of(world.stranger).get(URL).status_code == 200

    assert [Client().get(URL).status_code for _ in range(3)] == [401, 401, 429]
    assert Client(REMOTE_ADDR="192.0.2.9").get(URL).status_code == 401


@pytest.mark.django_db
def test_a_customer_of_ipv6_has_one_bucket_and_not_as_many_as_addresses(limited: Limiter) -> None:
    statuses = [Client(REMOTE_ADDR=f"2001:db8:1:2::{host}").get(URL).status_code for host in (1, 2, 3)]

    assert statuses == [401, 401, 429]
    assert Client(REMOTE_ADDR="2001:db8:1:3::1").get(URL).status_code == 401


@pytest.mark.django_db
def test_a_sensitive_route_counts_by_address_and_only_what_changes_something(limited: Limiter) -> None:
    caller = Client()
    assert [caller.post("/api/v1/old").status_code for _ in range(2)] == [200, 429]
    assert [caller.get("/api/v1/old").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
def test_a_refused_call_does_nothing(limited: Limiter, world: World, browser_of: BrowserOf) -> None:
    from accounts.models import Organisation

    caller = browser_of(world.clerk)
    statuses = [
        caller.post(URL, f'{{"slug": "s{number}"}}', content_type="application/json").status_code for number in range(5)
    ]

    assert statuses == [201, 201, 201, 429, 429]
    assert Organisation.objects.count() == 3


@pytest.mark.django_db
def test_zero_is_no_limit_and_the_switch_ends_all(
    limited: Limiter, settings: Settings, world: World, browser_of: BrowserOf
) -> None:
    caller = browser_of(world.clerk)
    settings.STEWARD_RATE_API = 0
    assert {caller.get(URL).status_code for _ in range(9)} == {200}
    settings.STEWARD_RATE_API, settings.STEWARD_RATE_LIMITS = 1, False
    assert {caller.get(URL).status_code for _ in range(9)} == {200}
    assert "RateLimit-Limit" not in caller.get(URL).headers


def test_a_page_is_counted_by_session_and_tells_only_what_it_was_given(limited: Limiter, settings: Settings) -> None:
    settings.STEWARD_RATE_CONSOLE = 1
    request = RequestFactory().get("/")
    with context.use(context.Context(address="192.0.2.1")):
        request.identity = type("Who", (), {"session_id": uuid4(), "actor": None})()  # type: ignore[attr-defined]
        assert limits.spend(request, limits.CONSOLE) is not None
        with pytest.raises(errors.TooMany):
            limits.spend(request, limits.CONSOLE)
    reply = HttpResponse()
    limits.tell(request, reply)

    assert (reply["Retry-After"], reply["RateLimit-Limit"]) == ("60", "1")
    untold = HttpResponse()
    limits.tell(RequestFactory().get("/"), untold)
    assert "Retry-After" not in untold.headers


def test_the_limits_are_those_of_the_policy() -> None:
    from portal.conf.env import VARIABLES

    defaults = {name: VARIABLES[name].default for name in VARIABLES if name.startswith("STEWARD_RATE_")}
    assert defaults == {
        "STEWARD_RATE_LIMITS": "1",
        "STEWARD_RATE_API": "100",
        "STEWARD_RATE_ANONYMOUS": "100",
        "STEWARD_RATE_CONSOLE": "600",
        "STEWARD_RATE_SENSITIVE": "10",
        "STEWARD_RATE_AUTHZ": "6000",
    }
    for limit in (limits.API, limits.ANONYMOUS, limits.CONSOLE, limits.SENSITIVE, limits.EXPORT, limits.AUTHZ):
        assert limit.number in defaults
        assert limit.seconds == 60
