"""What every process knows of maintenance, announcements and settings without asking the database for each request.

Whoever comes reads it again when it is older than two seconds: one short statement on the connection of that request,
outside of its transaction. While one reads, or the database is away, everybody else goes by what was last known. The
clock is looked at on every request, so a window begins and ends on time, also with the database away.
"""

import logging
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError, InterfaceError, connection

from portal.kit import clock
from portal.kit.postgres.base import Statement, ours

log = logging.getLogger("steward.mode")
FRESH_SECONDS = 2.0
AWAY_SECONDS = 10.0  # After a read that failed: a database that does not answer must not cost each request a wait.
FIRST_SECONDS = 2.0  # How long a request waits for the very first read of its process, which another one makes.
AHEAD = timedelta(days=7)  # Windows and announcements that begin within this are known beforehand.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_READ = Statement("""
SELECT json_build_object(
    'windows', (SELECT coalesce(json_agg(w ORDER BY w.starts_at), '[]') FROM (
        SELECT id, kind, message, starts_at, ends_at, people, addresses FROM kit_maintenance_window
        WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > $1::timestamptz) AND starts_at < $2::timestamptz) w),
    'announcements', (SELECT coalesce(json_agg(a ORDER BY a.starts_at DESC), '[]') FROM (
        SELECT id, title, text, tone, starts_at, ends_at, audience, organisation_id, dismissible FROM kit_announcement
        WHERE (ends_at IS NULL OR ends_at > $1::timestamptz) AND starts_at < $2::timestamptz) a),
    'settings', (SELECT coalesce(json_object_agg(code, value), '{}') FROM kit_setting WHERE value IS NOT NULL),
    'settings_number', (SELECT coalesce(max(number), 0) FROM kit_setting_version)
)::text
""")


@dataclass(frozen=True, slots=True)
class Window:
    """A time of maintenance that is in force or comes within a week."""

    id: UUID
    kind: str
    message: str
    starts_at: datetime
    ends_at: datetime | None
    people: frozenset[UUID]
    networks: tuple[Any, ...]

    @property
    def closed(self) -> bool:
        """Whether nobody but those who get through is answered; otherwise only changes are refused."""
        return self.kind == "closed"

    def has(self, moment: datetime) -> bool:
        """Whether it is in force at `moment`."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def lets(self, person_id: UUID | None, address: str | None) -> bool:
        """Whether a person or an address is on its list."""
        if person_id is not None and person_id in self.people:
            return True
        if not self.networks or address is None:
            return False
        here = ip_address(address)
        return any(here in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Told:
    """An announcement, as the banner of every page needs it."""

    id: UUID
    title: str
    text: str
    tone: str
    starts_at: datetime
    ends_at: datetime | None
    audience: str
    organisation_id: UUID | None
    dismissible: bool

    def has(self, moment: datetime) -> bool:
        """Whether it is shown at `moment`."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True, slots=True)
class State:
    """What was last read."""

    windows: tuple[Window, ...] = ()
    announcements: tuple[Told, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_number: int = 0


class _Kept:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state = State()
        self.known = False
        self.until = 0.0  # On the monotonic clock.


_kept = _Kept()


def state() -> State:
    """What this process knows; at most two seconds old, or older while the database is away."""
    kept = _kept
    if time.monotonic() < kept.until:
        return kept.state
    if not kept.lock.acquire(timeout=0 if kept.known else FIRST_SECONDS):
        return kept.state
    try:
        if time.monotonic() >= kept.until:
            _refresh(kept)
    finally:
        kept.lock.release()
    return kept.state


def forget() -> None:
    """Read again on the next question: after a change in this process, and between tests."""
    global _kept  # noqa: PLW0603 - a new holder, so that a read that is under way fills the old one
    _kept = _Kept()


def heard(number: int) -> None:
    """A request brought the number of the newest change of a setting: when it is not the one known here, read again."""
    kept = _kept
    if kept.known and number != kept.state.settings_number:
        forget()


def in_force() -> Window | None:
    """The maintenance that is in force now."""
    windows = state().windows
    if not windows:
        return None
    now = clock.now()
    return next((window for window in windows if window.has(now)), None)


def coming() -> Window | None:
    """The next maintenance of the coming week."""
    now = clock.now()
    return next((window for window in state().windows if window.starts_at > now), None)


def announced() -> list[Told]:
    """The announcements that run now, newest first, whoever they are for."""
    told = state().announcements
    if not told:
        return []
    now = clock.now()
    return [one for one in told if one.has(now)]


def _refresh(kept: _Kept) -> None:
    try:
        kept.state = _read()
        kept.known = True
        kept.until = time.monotonic() + FRESH_SECONDS
    except (DatabaseError, InterfaceError) as error:
        # What was known stays true until somebody says otherwise; a process that knows nothing is open.
        kept.until = time.monotonic() + AWAY_SECONDS
        log.warning("Whether there is maintenance could not be read (%s); the last answer holds.", type(error).__name__)


def _read() -> State:
    now = clock.now()
    values: list[bytes | None] = [_moment(now), _moment(now + AHEAD)]
    # Not a query of the request that happens to come by: whoever counts those must not find it now and then.
    counted, connection.force_debug_cursor = connection.force_debug_cursor, False
    try:
        row = ours().first_row(_READ, values)
    finally:
        connection.force_debug_cursor = counted
    if not row or not row[0]:
        return State()
    found = orjson.loads(row[0])
    return State(
        tuple(_window(one) for one in found["windows"]),
        tuple(_announcement(one) for one in found["announcements"]),
        found["settings"],
        found["settings_number"],
    )


def _moment(moment: datetime) -> bytes:
    return struct.pack("!q", (moment - _EPOCH) // _MICROSECOND)


def _time(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _window(row: Mapping[str, Any]) -> Window:
    return Window(
        id=UUID(row["id"]),
        kind=row["kind"],
        message=row["message"],
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=_time(row["ends_at"]),
        people=frozenset(UUID(one) for one in row["people"]),
        networks=tuple(ip_network(one) for one in row["addresses"]),
    )


def _announcement(row: Mapping[str, Any]) -> Told:
    return Told(
        id=UUID(row["id"]),
        title=row["title"],
        text=row["text"],
        tone=row["tone"],
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=_time(row["ends_at"]),
        audience=row["audience"],
        organisation_id=None if row["organisation_id"] is None else UUID(row["organisation_id"]),
        dismissible=row["dismissible"],
    )
