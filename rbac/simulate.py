"""What a change would do, without doing it: the real services run inside a savepoint that is rolled back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

from portal.kit import clock
from portal.kit import context as kit_context
from portal.kit.services import writing
from rbac import epochs
from rbac.counting import bounded_here
from rbac.models import INSTALLATION
from rbac.rules import Ask, Effective, Told, ask_about

MOST_PEOPLE = 1000  # Who are compared; of more the preview says that it is not complete.

# Whom a change can have touched, as the stamps tell that it raised: people, and everybody of an organisation.
_TOUCHED = """
SELECT u.id, coalesce(nullif(u.name, ''), u.username) FROM {users} u WHERE u.is_active AND (u.id = ANY(%(keys)s)
    OR u.id IN (SELECT user_id FROM accounts_membership WHERE organisation_id = ANY(%(keys)s) AND state = 'active')
    OR (%(everybody)s AND u.id IN (SELECT user_id FROM rbac_binding WHERE user_id IS NOT NULL)))
ORDER BY u.id LIMIT %(limit)s
"""
_RULES = """
SELECT p.id, rbac_rules(p.id, %(places)s, %(objects)s, %(now)s, %(bounded)s)::text FROM unnest(%(people)s::uuid[]) p (id)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one person gains and loses at one place (None: the installation), as sorted codes. Rights under conditions
    count as held."""

    person_id: UUID
    label: str
    place: UUID | None
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The outcome of a change that was not made. Not `complete`: it touches more people than were compared."""

    differences: tuple[Difference, ...]
    people: int
    complete: bool


class _Undo(Exception):
    """Leaves the savepoint, so that nothing of it stays."""


def simulate(change: Callable[[], object], objects: Sequence[models.Model | None] = (None,)) -> Preview:
    """Run `change` (calls of services) and tell who would gain and lose what on `objects`; None stands for where the
    acting one stands. Nothing stays: no row, event, mail or job. What the change raises is raised.

    Everybody whom the change touches is compared, up to a thousand people.
    """
    now = kit_context.current()
    standing = None if now is None else now.actor.organisation_id
    asks = [ask_about(obj, standing) for obj in objects]
    with writing(), kit_context.use(replace(now or kit_context.Context(), cache={})):
        epochs.mark_changed()  # Nothing that is decided in here may be remembered.
        # Who is touched is known only afterwards, and what they held only before: so they are asked again once the
        # savepoint is rolled back.
        people, will = _after(change, asks)
        was = _sets([one for one, _label in people], asks)
        codes = _codes()
    differences = [
        Difference(one, label, ask.object, _named(will[one][ask] & ~held, codes), _named(held & ~will[one][ask], codes))
        for one, label in people[:MOST_PEOPLE]
        for ask, held in was[one].items()
        if held != will[one][ask]
    ]
    return Preview(tuple(differences), min(len(people), MOST_PEOPLE), len(people) <= MOST_PEOPLE)


def _after(
    change: Callable[[], object], asks: Sequence[Ask]
) -> tuple[list[tuple[UUID, str]], dict[UUID, dict[Ask, int]]]:
    """Whom the change touches, and what they would hold."""
    before = _stamps()
    people: list[tuple[UUID, str]] = []
    will: dict[UUID, dict[Ask, int]] = {}
    try:
        with transaction.atomic():
            change()
            people = _touched([key for key, epoch in _stamps().items() if before.get(key) != epoch])
            will = _sets([one for one, _label in people], asks)
            raise _Undo
    except _Undo:
        return people, will


def _stamps() -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, epoch FROM rbac_stamp")
        return dict(cursor.fetchall())


def _touched(keys: Sequence[UUID]) -> list[tuple[UUID, str]]:
    users = connection.ops.quote_name(get_user_model()._meta.db_table)
    values: dict[str, Any] = {"keys": list(keys), "everybody": INSTALLATION in keys, "limit": MOST_PEOPLE + 1}
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED.format(users=users), values)
        return list(cursor.fetchall())


def _sets(people: Sequence[UUID], asks: Sequence[Ask]) -> dict[UUID, dict[Ask, int]]:
    values: dict[str, Any] = {
        "people": list(people),
        "places": [ask.place for ask in asks],
        "objects": [ask.object for ask in asks],
        "now": clock.now(),
        "bounded": bounded_here(),
    }
    found: dict[UUID, dict[Ask, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RULES, values)
        for person_id, told in cursor.fetchall():
            rules = Told(orjson.loads(told))
            found[person_id] = {ask: _held(rules.at(ask, (0, 0, 0))) for ask in asks}
    return found


def _held(held: Effective) -> int:
    bits = held.roles | held.grants | held.public
    for maybe in held.maybes:
        if not maybe.denies:
            bits |= maybe.bits
    return bits & ~held.denied & ~held.off


def _codes() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, code FROM rbac_permission")
        return dict(cursor.fetchall())


def _named(bits: int, codes: dict[int, str]) -> tuple[str, ...]:
    return tuple(sorted(code for number, code in codes.items() if bits >> number & 1))
