"""The stamps of a request: at which state of the installation, of an organisation and of a person decisions are made.

They live in PostgreSQL, where triggers raise them in the transaction of any change that can alter a decision; they are
read with the session. What the process remembers is kept under them, so it never has to be told that something changed.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast
from uuid import UUID

from django.db import connection

from portal.kit import context as kit_context
from rbac.models import INSTALLATION

Stamps = tuple[int, int, int]  # The epochs of the installation, the organisation (0 without one) and the person.
T = TypeVar("T")
_known: dict[str, tuple[int, object]] = {}  # By name: the epoch of the installation, and what was read then.


def stamps_of(person_id: UUID, organisation: UUID | None = None) -> Stamps:
    """The stamps of this request: read with the session, or by one query where there is none (jobs, commands)."""
    current = kit_context.current()
    if current is not None:
        known = current.cache.get(("stamps", person_id, organisation))
        if known is not None:
            return cast(Stamps, known)
    return stamps_for(person_id, [organisation])[organisation]


def stamps_for(person_id: UUID, organisations: Iterable[UUID | None]) -> dict[UUID | None, Stamps]:
    """The stamps for questions about several organisations; at most one query for those that are not known yet."""
    wanted = set(organisations)
    current = kit_context.current()
    cache = {} if current is None else current.cache
    found = {key: cast(Stamps, cache[name]) for key in wanted if (name := ("stamps", person_id, key)) in cache}
    missing = wanted - found.keys()
    if missing:
        with connection.cursor() as cursor:
            keys = [INSTALLATION, person_id, *(key for key in missing if key is not None)]
            cursor.execute("SELECT key, epoch FROM rbac_stamp WHERE key = ANY(%s)", [keys])
            epochs: dict[UUID | None, int] = dict(cursor.fetchall())
        for key in missing:
            stamps = (epochs.get(INSTALLATION, 0), epochs.get(key, 0) if key else 0, epochs.get(person_id, 0))
            cache["stamps", person_id, key] = found[key] = stamps
    return found


def remember_stamps(person_id: UUID, organisation: UUID | None, stamps: Stamps) -> None:
    """Keep the stamps that were read with the session for the rest of the request."""
    current = kit_context.current()
    if current is not None:
        current.cache["stamps", person_id, organisation] = stamps
        if organisation is not None:
            current.cache["stamps", person_id, None] = (stamps[0], 0, stamps[2])


def forget_stamps() -> None:
    """After a change in this very transaction, the next check reads the stamps again."""
    current = kit_context.current()
    if current is not None:
        for key in [key for key in current.cache if isinstance(key, tuple) and key[0] == "stamps"]:
            del current.cache[key]


def changed_here() -> bool:
    """Whether this request changed what decisions are made from. Then nothing is remembered until it ends: stamps that
    it raised and rolls back would be used again by the next change that does commit."""
    current = kit_context.current()
    return current is not None and bool(current.cache.get("rbac.changed"))


def mark_changed() -> None:
    """This request changed roles or bindings: decide from the database, keep nothing, until it ends."""
    current = kit_context.current()
    if current is not None:
        current.cache["rbac.changed"] = True
    forget_stamps()


def known_at_epoch(name: str, read: Callable[[], T]) -> T:
    """What `read` gives, kept by the process under `name` until the stamp of the installation says that it changed.

    For what is asked by every page and changes with roles; whoever changes it bumps that stamp. The caller leaves the
    value as it is: others see the same one.
    """
    person_id = kit_context.actor().id
    if person_id is None or changed_here():
        return read()
    epoch = stamps_of(person_id, kit_context.actor().organisation_id)[0]
    kept = _known.get(name)
    if kept is None or kept[0] != epoch:
        kept = _known[name] = (epoch, read())
    return cast(T, kept[1])


def forget_known() -> None:
    """Drop what this process remembers; see `rbac.decision.forget_everything`."""
    _known.clear()
