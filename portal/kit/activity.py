"""What pages and endpoints are asked for, on its way to the room that keeps it (the fill of `write`).

An observation and not evidence: a request leaves one tuple in a bounded queue and pays for nothing else. A thread hands
up to `BATCH` of them on each second, so that a flood of requests is not slowed down further by being written down. What
is more, or comes while the database is away, waits; beyond `BOUND` the oldest go, which is counted and logged. A killed
process takes what was still open with it; a stop hands it on.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import count
from multiprocessing.util import Finalize
from typing import Any, Literal, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch
from prometheus_client import Counter

from portal.kit import clock, context, tallies
from portal.kit.context import Actor
from portal.kit.ports import port
from portal.kit.traffic import METHODS

INTERVAL_SECONDS = 1.0
PAUSE_SECONDS = 5.0  # After a failure, before the next try.
STOP_SECONDS = 5.0  # What a stop waits for a batch that is just being written.
BATCH = 1_000  # Requests of one process that are handed on at once; some 30 ms of processor time.
BOUND = 10_000  # Requests of one process that wait; some 8 MB.
OTHER = "OTHER"  # In place of methods that somebody invented.
SILENT = frozenset({"health", "health/live", "health/ready", "metrics"})  # Asked by machines, every few seconds.
IPV4_BITS, IPV6_BITS = 24, 48  # What is kept of an address: enough for a network, too little for a person.

log = logging.getLogger("steward.activity")
DROPPED = Counter("steward_kit_activity_dropped", "Requests of which no activity was kept, by the reason.", ["reason"])

# Moment, actor, session, address, request id, method, route, status, seconds, bytes (None: streamed), asked by htmx.
_Noted = tuple[datetime, Actor, UUID | None, str | None, str, str | None, ResolverMatch, int, float, int | None, bool]
_waiting: deque[_Noted] = deque(maxlen=BOUND)
_sheds = count()  # Its next number is how many the queue let go, and how often `_told` asked for it.
_asked_sheds = 0
_arrived = threading.Event()
_flushing = threading.Lock()
_thread: threading.Thread | None = None


class Seen(NamedTuple):
    """One finished request, as it is kept. `address` is a network, `object_id` the one id that the address named."""

    moment: datetime
    channel: Literal["page", "api", "admin"]
    method: str
    route: str
    object_id: UUID | None
    status: int
    seconds: float
    bytes: int | None
    actor: Actor
    session_id: UUID | None
    address: str | None
    request_id: str


_held: list[Seen] = []  # The batch that is being written, or could not be.


@port
def write(*, seen: Sequence[Seen]) -> None:
    """Keep these requests, in one transaction of its own. Called outside of requests, by a thread; may raise."""
    raise NotImplementedError


def _after_fork() -> None:
    global _thread, _flushing, _arrived
    _thread, _flushing, _arrived = None, threading.Lock(), threading.Event()
    _waiting.clear()  # The parent hands on what it has seen.
    _held.clear()


os.register_at_fork(after_in_child=_after_fork)


def note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Remember a finished request that took `seconds`. What no route answered is in the access log alone."""
    match = request.resolver_match
    now = context.current()
    if match is None or now is None:
        return
    if len(_waiting) >= BOUND:
        next(_sheds)  # The oldest goes by itself.
    _waiting.append(
        (
            clock.now(),
            _who(now),
            now.session_id,
            now.address,
            now.request_id,
            request.method,
            match,
            response.status_code,
            seconds,
            None if response.streaming else len(response.content),  # type: ignore[attr-defined]
            "HTTP_HX_REQUEST" in request.META,
        )
    )
    if not _arrived.is_set():
        _wake()


def flush(*, whole: bool = True) -> bool:
    """Hand on what waits, or one batch of it; False when it could not be, and waits on. For the thread, stops and tests."""
    if not _flushing.acquire(timeout=STOP_SECONDS):
        return False
    try:
        while _waiting or _held:
            if not _held:
                _held.extend(_kept([_waiting.popleft() for _ in range(min(BATCH, len(_waiting)))]))
            if not _written():
                return False
            _held.clear()
            if not whole:
                break
        return True
    finally:
        _told()
        _flushing.release()


def _written() -> bool:
    """Hand on the batch that is held; False when the database is away and it has to be held on."""
    if not _held:
        return True
    try:
        write(seen=_held)
    except (OperationalError, InterfaceError) as error:
        log.warning("The activity of %s requests waits for the database (%s).", len(_held), type(error).__name__)
        return False
    except Exception:
        # Again it would fail again, and hold up all that follow.
        DROPPED.labels("refused").inc(len(_held))
        log.exception("%s requests left no activity: their batch was refused.", len(_held))
    return True


def _told() -> None:
    """Count and log what the queue let go since the last time."""
    global _asked_sheds  # noqa: PLW0603 - one count per process
    shed = next(_sheds) - _asked_sheds
    _asked_sheds += shed + 1
    if shed:
        DROPPED.labels("full").inc(shed)
        log.warning("%s requests left no activity: more came than could be written.", shed)


def _who(now: context.Context) -> Actor:
    """Whose doing a request is: of an administrator who sees the console as somebody else, not of that person."""
    through = now.through
    if through is None or through.kind != "person":
        return now.actor
    return replace(through, organisation_id=now.actor.organisation_id)


def _kept(taken: Iterable[_Noted]) -> Iterator[Seen]:
    """The requests that are activity: no probes, and no part of a page that asks by itself."""
    for moment, actor, session_id, address, request_id, method, match, status, seconds, size, part in taken:
        if match.route in SILENT or by_itself(match.func, part=part):
            continue
        yield Seen(
            moment,
            channel_of(match.route),
            method if method in METHODS else OTHER,
            match.route,
            _object(match.kwargs),
            status,
            seconds,
            size,
            actor,
            session_id,
            shortened(address),
            request_id,
        )


def channel_of(route: str) -> Literal["page", "api", "admin"]:
    """By which door a route is reached."""
    return "api" if route.startswith("api/") else "admin" if route.startswith("admin/") else "page"


def _object(values: dict[str, Any]) -> UUID | None:
    found = [value for value in values.values() if isinstance(value, UUID)]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=2048)
def by_itself(view: Callable[..., Any], *, part: bool) -> bool:
    """Whether a page asks this of the view again and again, and nobody did anything (`PageView.polled`); `part`: htmx asks."""
    polled = getattr(getattr(view, "view_class", None), "polled", "")
    return polled == "whole" or (polled == "part" and part)


@lru_cache(maxsize=4096)
def shortened(address: str | None) -> str | None:
    """The network that an address lies in, /24 or /48; an IPv4 address in the clothes of IPv6 is one of IPv4."""
    if address is None:
        return None
    found = ip_address(address)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ip_network((found, IPV4_BITS if found.version == 4 else IPV6_BITS), strict=False))


def _wake() -> None:
    global _thread  # noqa: PLW0603 - one per process
    _arrived.set()
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_run, args=(_arrived,), name="activity", daemon=True)
        _at_the_end()
        _thread.start()


@lru_cache(maxsize=8)
def _hooked(process: int) -> bool:
    atexit.register(_stop, process)
    # A process of the web server is forked and ends without `atexit`, but not without these.
    Finalize(None, _stop, args=(process,), exitpriority=10)
    return True


def _at_the_end() -> None:
    _hooked(os.getpid())


def _stop(process: int) -> None:
    """Hand on what waits when the process ends; a child that inherited the hook of its parent has its own."""
    if process == os.getpid() and (_waiting or _held):
        flush()
        tallies.flush()
        connections.close_all()


def _run(arrived: threading.Event) -> None:
    pause = INTERVAL_SECONDS
    while True:
        arrived.wait()
        time.sleep(pause)  # What comes meanwhile goes along.
        arrived.clear()
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        done = flush(whole=False)
        if done:
            tallies.flush_due()
        pause = INTERVAL_SECONDS if done else PAUSE_SECONDS
        if _waiting or _held:
            arrived.set()
