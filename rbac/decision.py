"""The decision: one function for pages, API, jobs and templates. Fail closed; deny wins; no superuser.

A person's effective set on a chain of scopes is an int: bit n stands for the permission with number n. It is kept in
the process under a key that contains the stamps, which live in PostgreSQL, are bumped in the transaction of any change
and are read with the session: a check whose stamps were read after the commit of a revoke is never stale.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models

from portal.kit import clock, registry
from portal.kit import context as kit_context
from portal.kit.context import Actor
from portal.kit.decision import Decision
from rbac.counting import counting_sql
from rbac.models import INSTALLATION

Stamps = tuple[int, int]  # (installation epoch, member epoch)
_CACHE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Effective:
    """What a person holds: `bits` until `until` (the nearest expiry of a binding; None: until the stamps change).

    `labels` are those of the roles held on the narrowest scope of the chain, highest first.
    """

    bits: int
    until: datetime | None
    labels: tuple[str, ...] = ()


_effective: dict[tuple[UUID, UUID | None, Stamps], Effective] = {}
_numbers: dict[str, int] = {}
_known: dict[str, tuple[int, object]] = {}  # By name: the epoch of the installation, and what was read then.
T = TypeVar("T")


def can(
    actor: Actor, code: str, obj: models.Model | None = None, *, context: Mapping[str, Any] | None = None
) -> Decision:
    """Fill of the port `kit.decision.can`."""
    registry.permissions.get(code)
    if actor.kind == "system":
        return Decision(True, "system", "0.0")
    if actor.id is None:
        return Decision(False, "anonymous", "0.0")
    if actor.scopes is not None and code not in actor.scopes:
        return Decision(False, "scope", "0.0")
    organisation = organisation_of(obj) or actor.organisation_id
    stamps = stamps_of(actor.id)
    held = _held(actor.id, organisation, stamps).bits >> _number(code) & 1
    return Decision(bool(held), "role" if held else "no_role", f"{stamps[0]}.{stamps[1]}")


def check_many(actor: Actor, questions: Sequence[tuple[str, models.Model | None]]) -> list[Decision]:
    """Fill of the port `kit.decision.check_many`: stamps and set are shared, so all answers cost what one costs."""
    return [can(actor, code, obj) for code, obj in questions]


def visible_to(actor: Actor, code: str, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Fill of the port `kit.decision.visible_to`. Who stands in an organisation sees its rows, where the code is held
    there or above; of what belongs to no organisation, and outside of them, holding it on the installation shows all."""
    field = scope_field(queryset.model)
    if actor.organisation_id is not None and field is not None:
        return queryset.filter(**{field: actor.organisation_id}) if can(actor, code) else queryset.none()
    return queryset if can(replace(actor, organisation_id=None), code) else queryset.none()


def scope_field(model: type[models.Model]) -> str | None:
    """The column that names the organisation of a row: `organisation_id`, or what the model says (an organisation is
    its own); None for models whose rows belong to none."""
    named: str | None = getattr(model, "scope_field", None)
    names = {field.attname for field in model._meta.concrete_fields}
    return named or ("organisation_id" if "organisation_id" in names else None)


def organisation_of(obj: models.Model | None) -> UUID | None:
    """The organisation that an object belongs to, None for none."""
    if obj is None:
        return None
    found: UUID | None = getattr(obj, scope_field(type(obj)) or "organisation_id", None)
    return found


def permissions_of(actor: Actor) -> list[str]:
    """The codes that `actor` holds on its organisation or, without one, on the installation; sorted."""
    return sorted(spec.code for spec in registry.permissions if can(actor, spec.code))


def stamps_of(person_id: UUID) -> Stamps:
    """The stamps of this request: read with the session, or by one query where there is none (jobs, commands)."""
    current = kit_context.current()
    key = ("stamps", person_id)
    if current is not None and isinstance(known := current.cache.get(key), tuple):
        return known
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, epoch FROM rbac_stamp WHERE key IN (%s, %s)", [INSTALLATION, person_id])
        epochs: dict[UUID, int] = dict(cursor.fetchall())
    stamps = (epochs.get(INSTALLATION, 0), epochs.get(person_id, 0))
    if current is not None:
        current.cache[key] = stamps
    return stamps


def remember_stamps(person_id: UUID, stamps: Stamps) -> None:
    """Keep the stamps that were read with the session for the rest of the request."""
    current = kit_context.current()
    if current is not None:
        current.cache["stamps", person_id] = stamps


def forget_stamps() -> None:
    """After a change in this very transaction, the next check reads the stamps again."""
    current = kit_context.current()
    if current is not None:
        for key in [key for key in current.cache if isinstance(key, tuple) and key[0] == "stamps"]:
            del current.cache[key]


def held_bits(person_id: UUID, organisation: UUID | None = None) -> int:
    """The effective set of a person as bits, for the delegation rule."""
    return _held(person_id, organisation, stamps_of(person_id)).bits


def known_at_epoch(name: str, read: Callable[[], T]) -> T:
    """What `read` gives, kept by the process under `name` until the stamp of the installation says that it changed.

    For what is asked by every page and changes with roles; whoever changes it bumps that stamp. The caller leaves the
    value as it is: others see the same one.
    """
    person_id = kit_context.actor().id
    if person_id is None or _changed_here():
        return read()
    epoch = stamps_of(person_id)[0]
    kept = _known.get(name)
    if kept is None or kept[0] != epoch:
        kept = _known[name] = (epoch, read())
    return cast(T, kept[1])


def own_role_labels(actor: Actor) -> tuple[str, ...]:
    """Fill of the port `kit.decision.own_role_labels`: known with the decision, so it costs no query."""
    if actor.id is None:
        return ()
    return _held(actor.id, actor.organisation_id, stamps_of(actor.id)).labels


def _held(person_id: UUID, organisation: UUID | None, stamps: Stamps) -> Effective:
    key = (person_id, organisation, stamps)
    known = _effective.get(key)
    if known is None or (known.until is not None and known.until <= clock.now()):
        known = _compute(person_id, organisation)
        if len(_effective) >= _CACHE_LIMIT:
            _effective.clear()
        # A set read in a transaction that changed it and then rolls back must not survive under stamps it never had:
        # stamps are bumped by the change, and the bumped value is not visible to others unless it commits. But the
        # same number will be used by the next change that does commit, so nothing is kept while this one is open.
        if not _changed_here():
            _effective[key] = known
    return known


def _changed_here() -> bool:
    current = kit_context.current()
    return current is not None and bool(current.cache.get("rbac.changed"))


def mark_changed() -> None:
    """This request changed roles or bindings: decide from the database, keep nothing, until it ends."""
    current = kit_context.current()
    if current is not None:
        current.cache["rbac.changed"] = True
    forget_stamps()


def _compute(person_id: UUID, organisation: UUID | None) -> Effective:
    scopes = [INSTALLATION] if organisation is None else [INSTALLATION, organisation]
    user_table = connection.ops.quote_name(get_user_model()._meta.db_table)
    sql = f"""
        WITH RECURSIVE held AS (
            SELECT b.role_id, b.expires_at, b.scope_id FROM rbac_binding b JOIN {user_table} u ON u.id = b.user_id AND u.is_active
            WHERE b.user_id = %s AND b.scope_id = ANY(%s) AND NOT b.is_suspended
                AND (b.expires_at IS NULL OR b.expires_at > %s) {counting_sql()}
        ), closure AS (
            SELECT role_id FROM held
            UNION SELECT r.inherits_id FROM closure c JOIN rbac_role r ON r.id = c.role_id WHERE r.inherits_id IS NOT NULL
        )
        SELECT rp.permission_id, rp.effect, (SELECT min(expires_at) FROM held), (
            SELECT array_agg(r.label ORDER BY r.rank DESC) FROM held JOIN rbac_role r ON r.id = held.role_id
            WHERE held.scope_id = %s
        )
        FROM (SELECT) AS once LEFT JOIN (closure JOIN rbac_role_permission rp USING (role_id)) ON true
    """  # noqa: S608 - names from the model, constants
    allow = deny = 0
    until: datetime | None = None
    labels: list[str] | None = None
    with connection.cursor() as cursor:
        cursor.execute(sql, [person_id, scopes, clock.now(), scopes[-1]])
        for number, effect, until, labels in cursor.fetchall():  # noqa: B007 - two of them the same in every row
            if effect == "allow":
                allow |= 1 << number
            elif effect == "deny":
                deny |= 1 << number
    return Effective(allow & ~deny, until, tuple(labels or ()))


def _number(code: str) -> int:
    number = _numbers.get(code)
    if number is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT number FROM rbac_permission WHERE code = %s", [code])
            row = cursor.fetchone()
        if row is None:
            # Declared but never synced: nobody can hold it yet. Not kept, so that `roles apply` takes effect at once.
            return _UNSYNCED
        number = _numbers[code] = int(row[0])
    return number


_UNSYNCED = 1_000_000


def forget_everything() -> None:
    """Drop what this process remembers: after a restore or a move to another database, stamps count from elsewhere."""
    _effective.clear()
    _numbers.clear()
    _known.clear()
