"""What a person holds at a place, read by one statement and remembered under the stamps it was read at.

A set is an int: bit n stands for the permission with number n. What has conditions is kept beside it, since those are
evaluated at every check.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from django.db import connection, models

from portal.kit import clock, tallies
from portal.kit.decision import Decision
from portal.kit.postgres.base import DatabaseWrapper, Statement
from rbac.conditions import Conditions
from rbac.counting import bounded_here
from rbac.epochs import Stamps, changed_here, stamps_for, stamps_of
from rbac.models import INSTALLATION, Resource, Workspace

CACHE_LIMIT = 50_000
READS = tallies.Counter("rbac.reads")  # Of sets that the process did not know.
NODES = (Workspace, Resource)  # Below an organisation, with a place of their own in the tree.


class Ask(NamedTuple):
    """Where a question is about: the organisation (for the stamps), the place where the chain begins, and the object
    on which single rights can be granted. All None: the installation."""

    organisation: UUID | None
    place: UUID | None
    object: UUID | None


class Maybe(NamedTuple):
    """Permissions that are allowed or denied under conditions."""

    denies: bool
    bits: int
    conditions: Conditions
    source: str


class Elevated(NamedTuple):
    """A role that a person has for a while: by an elevation or by broken glass, in an organisation (None: on the
    installation), until then."""

    origin: str
    origin_id: UUID
    organisation: UUID | None
    role: str
    until: datetime


@dataclass(slots=True)
class Effective:
    """What a person holds at a place: by roles, by grants on the object, and as everybody does; denied ones are still in
    it. Until `until` (the nearest expiry; None: until the stamps change).

    `labels` are those of the own roles held on the place itself, highest first. An inactive person is not `active` and
    holds nothing. `elsewhere`: the person holds something, or belongs, anywhere but on the installation. `off` is what the
    organisation has switched off with its `modules_off`, whoever asks; `products` are the roles of host products held on
    the place itself, as `product/role`; `elevated` is what the person has for a while anywhere. `answers` are those of
    the codes that no condition bears on.
    """

    version: str
    roles: int = 0
    grants: int = 0
    public: int = 0
    denied: int = 0
    maybes: list[Maybe] = field(default_factory=list)
    attributes: Mapping[str, Any] | None = None
    until: datetime | None = None
    labels: tuple[str, ...] = ()
    active: bool = True
    elsewhere: bool = False
    off: int = 0
    modules_off: frozenset[UUID] = frozenset()
    products: frozenset[str] = frozenset()
    elevated: tuple[Elevated, ...] = ()
    answers: dict[str, Decision] = field(default_factory=dict)

    @property
    def bits(self) -> int:
        """What is held without any condition."""
        return (self.roles | self.grants | self.public) & ~self.denied & ~self.off


_INSTALLATION = Ask(None, None, None)
_effective: dict[tuple[UUID, Ask, Stamps], Effective] = {}
_RULES = Statement("SELECT rbac_rules($1, $2, $3, $4, $5)::text")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts binary timestamps from here, in microseconds.
_MICROSECOND = timedelta(microseconds=1)
_UUID_TYPE = 2950


def scope_field(model: type[models.Model]) -> str | None:
    """The column that names the organisation of a row: `organisation_id`, or what the model says (an organisation is
    its own); None for models whose rows belong to none."""
    known = _fields.get(model, "")
    if known == "":
        named: str | None = getattr(model, "scope_field", None)
        names = {field.attname for field in model._meta.concrete_fields}
        known = _fields[model] = named or ("organisation_id" if "organisation_id" in names else None)
    return known


_fields: dict[type[models.Model], str | None] = {}


def is_grantable(model: type[models.Model]) -> bool:
    """Whether single rights on its rows can be granted, though they have no place in the tree: it says
    `grantable = True`, has a UUID as its key, and its migration lets grants go with their row."""
    return bool(getattr(model, "grantable", False))


def ask_about(obj: models.Model | None, standing: UUID | None) -> Ask:
    """Where a question about `obj` is asked; without one, about where the acting one stands.

    What is no node of the tree is asked about at its organisation, or where it belongs to none at the installation.
    """
    if obj is None:
        return Ask(standing, standing, standing)
    model: type[models.Model] = obj._meta.model  # Not the type of the object: the person of a request is a lazy one.
    field_name = scope_field(model)
    organisation: UUID | None = getattr(obj, field_name) if field_name is not None else None
    if issubclass(model, NODES):
        return Ask(organisation, obj.pk, obj.pk)
    return Ask(organisation, organisation, obj.pk if is_grantable(model) else organisation)


def effective_at(person_id: UUID, ask: Ask) -> Effective:
    """What a person holds at one place: remembered, or read by one statement."""
    stamps = stamps_of(person_id, ask.organisation)
    known = remembered(person_id, ask, stamps)
    return known if known is not None else _read(person_id, {ask: stamps})[ask]


def remembered(person_id: UUID, ask: Ask, stamps: Stamps) -> Effective | None:
    """What the process knows of a person at a place at these stamps; None when it does not, or when a part has ended."""
    known = _effective.get((person_id, ask, stamps))
    return None if known is None or (known.until is not None and known.until <= clock.now()) else known


def effective_for(person_id: UUID, ask: Ask, standing: UUID | None) -> Effective:
    """As `effective_at`, for somebody who stands in `standing`. Staff that belongs nowhere has everywhere what it has on
    the installation: that is known without the stamp of the organisation it looks at."""
    if ask.organisation is not None and ask.organisation != standing:
        outside = effective_at(person_id, _INSTALLATION)
        if not outside.elsewhere:
            return outside
    return effective_at(person_id, ask)


def read_ahead(person_id: UUID, asks: Iterable[Ask], standing: UUID | None) -> None:
    """Remember what `effective_for` will be asked for next; one statement for all that is not known yet."""
    wanted = {ask for ask in asks if ask.organisation in {None, standing}}
    others = set(asks) - wanted
    if others and effective_at(person_id, _INSTALLATION).elsewhere:
        wanted |= others
    if wanted:
        effective_many(person_id, wanted)


def effective_many(person_id: UUID, asks: Iterable[Ask]) -> dict[Ask, Effective]:
    """What a person holds at many places; one statement for all that is not remembered."""
    wanted = set(asks)
    stamps = stamps_for(person_id, {ask.organisation for ask in wanted})
    found: dict[Ask, Effective] = {}
    now = clock.now()
    for ask in wanted:
        known = _effective.get((person_id, ask, stamps[ask.organisation]))
        if known is not None and (known.until is None or known.until > now):
            found[ask] = known
    missing = {ask: stamps[ask.organisation] for ask in wanted - found.keys()}
    if missing:
        found |= _read(person_id, missing)
    return found


def forget_effective() -> None:
    """Drop what this process remembers; see `rbac.decision.forget_everything`."""
    _effective.clear()


def _read(person_id: UUID, asks: Mapping[Ask, Stamps]) -> dict[Ask, Effective]:
    READS.bump()
    return learn(person_id, asks, _told(person_id, list(asks)))


def learn(person_id: UUID, asks: Mapping[Ask, Stamps], told: "Told") -> dict[Ask, Effective]:
    """What the database told, by place, and remembered from now on: read together with these stamps, or after them."""
    found: dict[Ask, Effective] = {}
    keep = not changed_here()
    if keep and len(_effective) + len(asks) > CACHE_LIMIT:
        _effective.clear()
    for ask, stamps in asks.items():
        found[ask] = told.at(ask, stamps)
        if keep and told.above(ask) is not None:
            _effective[person_id, ask, stamps] = found[ask]
    return found


class Told:
    """What the database told of a person, by scope and object."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.elevated = tuple(
            Elevated(origin, UUID(key), UUID(inside) if inside else None, role, datetime.fromisoformat(until))
            for origin, key, inside, role, until in told["elevated"] or ()
        )
        self.chains: dict[UUID | None, tuple[UUID, ...]] = {
            UUID(place): tuple(UUID(one) for one in above) for place, above in told["chains"] or ()
        }
        self.rules: dict[UUID, list[tuple[bool, Any, datetime | None, int]]] = {}
        for scope, denies, conditions, until, numbers in told["rules"] or ():
            self.rules.setdefault(UUID(scope), []).append((denies, conditions, _moment(until), _bits(numbers)))
        self.grants: dict[UUID | None, list[tuple[Any, datetime | None, int]]] = {}
        for granted, conditions, until, numbers in told["grants"] or ():
            self.grants.setdefault(UUID(granted), []).append((conditions, _moment(until), _bits(numbers)))
        self.resources = {UUID(one): (attributes, numbers) for one, attributes, numbers in told["resources"] or ()}
        self.labels = {UUID(scope): labels for scope, labels in told["labels"] or ()}
        self.off: dict[UUID | None, dict[UUID, int]] = {}
        for organisation, module, numbers in told["off"] or ():
            self.off.setdefault(UUID(organisation), {})[UUID(module)] = _bits(numbers)
        self.products: dict[UUID | None, set[str]] = {}
        for scope, product, role in told["products"] or ():
            self.products.setdefault(UUID(scope), set()).add(f"{product}/{role}")
        self.active: bool = told["active"]
        self.elsewhere: bool = told["elsewhere"]

    def above(self, ask: Ask) -> tuple[UUID, ...] | None:
        """The place and what is above it in its organisation; None when it is not there (yet), or in another one."""
        if ask.place is None:
            return ()
        found = self.chains.get(ask.place, ())
        return found if ask.organisation in found else None

    def at(self, ask: Ask, stamps: Stamps) -> Effective:
        """The set of one place; of one that is not there, what the installation gives."""
        result = Effective(f"{stamps[0]}.{stamps[1]}.{stamps[2]}", active=self.active, elsewhere=self.elsewhere)
        result.elevated = self.elevated
        ends: list[datetime] = []
        for scope in (*(self.above(ask) or ()), INSTALLATION):
            for denies, conditions, until, bits in self.rules.get(scope, ()):
                if until is not None:
                    ends.append(until)
                if conditions is not None:
                    result.maybes.append(Maybe(denies, bits, conditions, "role"))
                elif denies:
                    result.denied |= bits
                else:
                    result.roles |= bits
        for conditions, until, bits in self.grants.get(ask.object, ()) if ask.object is not None else ():
            if until is not None:
                ends.append(until)
            if conditions is not None:
                result.maybes.append(Maybe(False, bits, conditions, "grant"))
            else:
                result.grants |= bits
        if ask.place in self.resources:
            attributes, numbers = self.resources[ask.place]
            result.public = _bits(numbers or ())
            result.attributes = attributes if result.maybes else None
        result.until = min(ends, default=None)
        self._here(ask, result)
        return result

    def _here(self, ask: Ask, result: Effective) -> None:
        """What is told of the place itself and of its organisation, not of who holds what on it."""
        off = self.off.get(ask.organisation, {})
        result.modules_off = frozenset(off)
        for bits in off.values():
            result.off |= bits
        result.products = frozenset(self.products.get(ask.place, ()))
        ranked = self.labels.get(ask.place or INSTALLATION, ())
        ordered = sorted((one.partition(" ") for one in ranked), key=lambda one: -int(one[0]))
        result.labels = tuple(label for _rank, _space, label in ordered)


def _told(person_id: UUID, asks: Sequence[Ask]) -> Told:
    values = [
        person_id.bytes,
        _array([ask.place for ask in asks]),
        _array([ask.object for ask in asks]),
        *moment_values(),
    ]
    row = cast(DatabaseWrapper, connection).first_row(_RULES, values)
    return Told(orjson.loads(cast(list[bytes], row)[0]))


def moment_values() -> tuple[bytes, bytes]:
    """The present, and whether the developer role needs an end here, as the functions of the decision take them."""
    now = struct.pack("!q", (clock.now() - _EPOCH) // _MICROSECOND)
    return now, b"\x01" if bounded_here() else b"\x00"


def _array(ids: Sequence[UUID | None]) -> bytes:
    """An array of UUIDs as PostgreSQL sends it: dimensions, whether one is NULL, type, length, first index, items."""
    parts = [struct.pack("!iiiii", 1, 1, _UUID_TYPE, len(ids), 1)]
    parts += [b"\xff\xff\xff\xff" if one is None else b"\x00\x00\x00\x10" + one.bytes for one in ids]
    return b"".join(parts)


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _bits(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
