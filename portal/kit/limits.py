"""Rate limits: a token bucket per caller in this process, which settles with Redis off the request's way.

A bucket holds as many tokens as its limit counts in its period and fills up evenly. Each request takes one. A thread
tells Redis five times a second what was taken and learns what is left for all processes together. Until Redis has
answered about a caller, and whenever it has not for a while, a process gives only its share of the burst; while Redis
is away the buckets also fill at that share (policy: rate limits). Redis may go below zero when several processes gave
at once: the debt is paid before anything is given again, so the average holds.

`spend(request, limit)` is the door: `limit = limits.SENSITIVE` on a page or endpoint chooses the class.
"""

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import ip_network
from typing import Any, Literal, Protocol

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from portal.kit import context, errors, identity
from portal.kit.settings import RATE_LIMITS, RATES_BY_NAME

log = logging.getLogger("steward.limits")
INTERVAL_SECONDS = 0.2
FRESH_SECONDS = 1.0  # So long a process believes what Redis has said about a caller.
BACK_OFF_SECONDS = 2.0  # After a failure Redis is left alone for so long.
PATIENCE_SECONDS = 0.5  # A hung Redis holds up the thread for no longer.
BUCKETS = 50_000  # Callers remembered per process, some 400 bytes each; more of them are an attack, and forgotten.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_BODY_BYTES = 1_048_576  # The API takes JSON; files go through pages of their own.
PAGE_BODY_BYTES = 12_000_000  # The largest upload is an import of people: 10 MB, and its form around it.


@dataclass(frozen=True, slots=True)
class Limit:
    """A class of requests: how many of them in a period, and whose they are counted as.

    `number` is the name of the setting that holds how many; 0 there means no limit. `per`: the person or key, the
    session, or the network address; whoever is not signed in counts by address. With `writes_only`, requests that
    change nothing count as the console's.
    """

    name: str
    number: str
    per: Literal["actor", "session", "address"]
    seconds: int = 60
    writes_only: bool = False


API = Limit("api", "STEWARD_RATE_API", "actor")
ANONYMOUS = Limit("anonymous", "STEWARD_RATE_ANONYMOUS", "address")
CONSOLE = Limit("console", "STEWARD_RATE_CONSOLE", "session")
SENSITIVE = Limit("sensitive", "STEWARD_RATE_SENSITIVE", "address", writes_only=True)
EXPORT = Limit("export", "STEWARD_RATE_SENSITIVE", "address")
AUTHZ = Limit("authz", "STEWARD_RATE_AUTHZ", "actor")


@dataclass(slots=True)
class Spent:
    """What a request took and what is left. `reset`: seconds until the bucket is full; `wait`: until there is a token."""

    allowed: bool
    number: int
    left: int
    reset: int
    wait: int


@dataclass(frozen=True, slots=True)
class Told:
    """What goes to the store about one bucket: tokens taken since it was told last."""

    key: str
    number: int
    seconds: int
    spent: int


class Store(Protocol):
    """Where the buckets of all processes are one."""

    def settle(self, told: Sequence[Told]) -> list[float]:
        """Take what was spent; the level of each bucket afterwards, below zero when too much was given."""


class Bucket:
    """The tokens of one caller as this process sees them."""

    __slots__ = ("at", "heard", "key", "level", "lock", "number", "seconds", "spent")

    def __init__(self, key: str, number: int, seconds: int, now: float) -> None:
        self.key, self.number, self.seconds = key, number, seconds
        self.level, self.at, self.spent = float(number), now, 0
        self.heard = -math.inf
        self.lock = threading.Lock()

    def take(self, now: float, share: float, *, alone: bool) -> Spent:
        """Take a token if there is one. `share` is this process's part of all; `alone`: Redis is away."""
        with self.lock:
            number = self.number
            rate = number / self.seconds * (share if alone else 1)
            # What was heard lately is believed; else there may be others who give from the same bucket.
            most = number if now - self.heard < FRESH_SECONDS else max(1.0, number * share)
            level = min(most, self.level + max(0.0, now - self.at) * rate)
            self.at = now
            if level < 1:
                self.level = level
                return Spent(False, number, 0, math.ceil((number - level) / rate), math.ceil((1 - level) / rate))
            self.level = level = level - 1
            self.spent += 1
            return Spent(True, number, int(level), math.ceil((number - level) / rate), 0)

    def forgive(self, spent: int) -> None:
        """What nobody could be told of."""
        with self.lock:
            self.spent -= spent

    def heed(self, level: float, told: int, now: float) -> None:
        """The store has counted `told` tokens and has `level` left."""
        with self.lock:
            self.spent -= told
            self.level, self.at, self.heard = level - self.spent, now, now


class Limiter:
    """The buckets of a process, and the thread that settles them."""

    def __init__(
        self, store: Callable[[], Store], processes: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._share, self._monotonic = store, 1 / processes, monotonic
        self._start()
        os.register_at_fork(after_in_child=self._start)

    def _start(self) -> None:
        # Also after a fork: threads and held locks stay behind in the parent.
        self._buckets: dict[tuple[str, object], Bucket] = {}
        self._touched: dict[tuple[str, object], Bucket] = {}
        self._arrived = threading.Event()
        self._thread: threading.Thread | None = None
        self._alone = False
        self._retry_at = -math.inf

    def take(self, limit: Limit, subject: object, number: int) -> Spent:
        """Take a token of `subject` within `limit`, which allows `number`."""
        key = (limit.name, subject)
        now = self._monotonic()
        bucket = self._buckets.get(key)
        if bucket is None or bucket.number != number:
            # Two threads that meet here make two buckets; the later stays, and one token is not counted.
            bucket = self._buckets[key] = Bucket(f"steward:rate:{limit.name}:{subject}", number, limit.seconds, now)
        self._touched[key] = bucket
        spent = bucket.take(now, self._share, alone=self._alone)
        if not self._arrived.is_set():
            self._wake()
        return spent

    def exhausted(self, limit: Limit, subject: object, number: int) -> bool:
        """Whether `subject` has no token left, as far as this process knows. Takes none."""
        bucket = self._buckets.get((limit.name, subject))
        if bucket is None:
            return False
        with bucket.lock:
            return bucket.level + (self._monotonic() - bucket.at) * number / limit.seconds < 1

    def settle(self) -> None:
        """Tell the store what was taken and take over what is left; the thread does it, and a test that must know."""
        now = self._monotonic()
        if now < self._retry_at:
            return
        touched = [self._touched.popitem()[1] for _ in range(len(self._touched))]
        if touched:
            told = [Told(bucket.key, bucket.number, bucket.seconds, bucket.spent) for bucket in touched]
            try:
                levels = self._store().settle(told)
            except (redis.RedisError, OSError) as error:
                if not self._alone:
                    log.warning("Redis does not answer (%s); each process limits on its own.", type(error).__name__)
                self._alone, self._retry_at = True, now + BACK_OFF_SECONDS
                for bucket, one in zip(touched, told, strict=True):
                    # By the time that Redis is back, these tokens have grown again.
                    bucket.forgive(one.spent)
            else:
                self._alone = False
                for bucket, level, one in zip(touched, levels, told, strict=True):
                    bucket.heed(level, one.spent, self._monotonic())
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Let go of buckets that are full again by now, and of the longest unused ones when there are too many."""
        if len(self._buckets) < BUCKETS // 10:
            return
        held = sorted(self._buckets.items(), key=lambda item: item[1].at)
        spare = len(held) - BUCKETS
        for position, (key, bucket) in enumerate(held):
            if position < spare or now - bucket.at > bucket.seconds / self._share:
                self._buckets.pop(key, None)

    def _wake(self) -> None:
        self._arrived.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, args=(self._arrived,), name="limits", daemon=True)
            self._thread.start()

    def _run(self, arrived: threading.Event) -> None:
        while True:
            arrived.wait()
            time.sleep(INTERVAL_SECONDS)  # What comes meanwhile is settled with it.
            arrived.clear()
            try:
                self.settle()
            except Exception:
                log.exception("Rate limits could not be settled; each process goes on with what it knows")


# One round trip for all buckets. The clock is that of Redis: it is the same for everybody.
_SETTLE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local levels = {}
for i, key in ipairs(KEYS) do
    local number, seconds, spent = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
    local held = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(held[1]) or number, tonumber(held[2]) or now
    level = math.min(number, level + math.max(0, now - at) * number / seconds) - spent
    level = math.max(level, -number)
    redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
    redis.call('EXPIRE', key, 3 * seconds)
    levels[i] = string.format('%.6f', level)
end
return levels
"""


class RedisStore:
    """The buckets of all processes in Redis, which loses nothing but patience when it is flushed: they start full."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
        self._settle = client.register_script(_SETTLE)

    def settle(self, told: Sequence[Told]) -> list[float]:
        """One script for all of them; raises `redis.RedisError` when Redis is away."""
        values = [value for one in told for value in (one.number, one.seconds, one.spent)]
        levels: Any = self._settle(keys=[one.key for one in told], args=values)
        return [float(level) for level in levels]


@cache
def _store(url: str) -> Store:
    return RedisStore(url)


@cache
def limiter() -> Limiter:
    """The one of this process."""
    return Limiter(lambda: _store(settings.REDIS_URL), settings.STEWARD_WEB_WORKERS)


def spend(request: HttpRequest, limit: Limit) -> Spent | None:
    """Count a request; `TooMany` when its caller has none left. None when limits are switched off.

    What was taken also stays with the request, for `tell`. Takes some microseconds; never waits for Redis.
    """
    if not RATE_LIMITS.value():
        return None
    if limit.writes_only and request.method in SAFE:
        limit = CONSOLE
    limit, subject = _counted(request, limit)
    number = _number(request, limit)
    if not number:
        return None
    spent = limiter().take(limit, subject, number)
    request.spent = spent  # type: ignore[attr-defined]
    if not spent.allowed:
        raise errors.TooMany
    return spent


def _counted(request: HttpRequest, limit: Limit) -> tuple[Limit, object]:
    who = identity.of(request)
    if limit.per == "address":
        return limit, caller()
    if who is None:
        return ANONYMOUS, caller()
    # A key counts by itself, not with its owner: one program that runs wild leaves the others their calls.
    return limit, who.session_id if limit.per == "session" or who.kind == "key" else who.actor.id


def _number(request: HttpRequest, limit: Limit) -> int:
    """How many `limit` allows this caller: a key may have a number of its own for calls of the API."""
    who = identity.of(request)
    if limit is API and who is not None and who.rate is not None:
        return who.rate
    return RATES_BY_NAME[limit.number].value()


def caller() -> str:
    """The client's network: an IPv6 customer has at least a /64 of addresses and would have as many buckets."""
    current = context.current()
    address = (current.address if current else None) or ""
    return address if ":" not in address else _network(address)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    return str(ip_network(f"{address}/64", strict=False))


def exhausted(limit: Limit, subject: object, number: int) -> bool:
    """Whether `subject` has used up `number` of a limit that only failures are counted against; see `fail`."""
    return RATE_LIMITS.value() and limiter().exhausted(limit, subject, number)


def fail(limit: Limit, subject: object, number: int) -> None:
    """Count a failure of `subject` against a limit of `number`."""
    if RATE_LIMITS.value():
        limiter().take(limit, subject, number)


def refuse_oversized(request: HttpRequest) -> None:
    """Raise `TooLarge` by the announced length, before anything of the body is read or written to disk.

    Without a length the server hands no body on.
    """
    length: str = request.META.get("CONTENT_LENGTH") or ""
    if len(length) < 7 or not (length.isascii() and length.isdigit()):
        return  # Below a million, or no number.
    most = API_BODY_BYTES if request.path.startswith("/api/") else PAGE_BODY_BYTES
    if len(length) > 18 or int(length) > most:
        raise errors.TooLarge(_("Send at most %(most)s bytes at once.") % {"most": most})


def tell(request: HttpRequest, reply: HttpResponseBase) -> None:
    """Put what is left into the headers of a reply; Retry-After too when the request was refused."""
    spent: Spent | None = getattr(request, "spent", None)
    if spent is None:
        return
    # Into the mapping itself: numbers need no look for line breaks.
    told = reply.headers._store
    told["ratelimit-limit"] = ("RateLimit-Limit", str(spent.number))
    told["ratelimit-remaining"] = ("RateLimit-Remaining", str(spent.left))
    told["ratelimit-reset"] = ("RateLimit-Reset", str(spent.reset))
    if not spent.allowed:
        told["retry-after"] = ("Retry-After", str(max(1, spent.wait)))
