"""The decision: one function for pages, API, jobs and templates. Fail closed; deny wins; no superuser.

What a person holds at a place (`rbac.rules`) is kept in the process under a key that contains the stamps
(`rbac.epochs`), which are read with the session: a check whose stamps were read after the commit of a revoke is never
stale. Lists are filtered by the same rules in the database (`rbac.visibility`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models

from portal.kit import registry, tallies
from portal.kit.context import Actor
from portal.kit.decision import Decision
from rbac import epochs, rules
from rbac.conditions import Situation, at_object, met, situation
from rbac.epochs import forget_stamps, known_at_epoch, mark_changed, remember_stamps, stamps_of
from rbac.errors import CodeUnknown
from rbac.rules import Ask, Effective, ask_about, effective_at, effective_for, read_ahead, scope_field

__all__ = [
    "forget_stamps",
    "known_at_epoch",
    "mark_changed",
    "remember_stamps",
    "scope_field",
    "stamps_of",
]

_numbers: dict[str, int] = {}
_forgetting: list[Callable[[], None]] = []
_NONE = "0.0.0"
_checked = tallies.Counter("rbac.checks").bump
# Of several ways to a permission the first of these is the reason of the answer, as in `rbac.explain`.
_STRONGEST = ("role", "grant", "public")


def can(
    actor: Actor, code: str, obj: models.Model | None = None, *, context: Mapping[str, Any] | None = None
) -> Decision:
    """Fill of the port `kit.decision.can`. `CodeUnknown` for a host product's code that no catalogue has."""
    _checked()
    person_id = actor.id
    if person_id is None or actor.kind == "system" or actor.scopes is not None:
        answer = _without_rules(actor, code)
        if answer is not None:
            return answer
    assert person_id is not None  # noqa: S101 - the anonymous one has its answer already
    held = effective_for(person_id, ask_about(obj, actor.organisation_id), actor.organisation_id)
    # The second check of a code at a place ends here.
    answer = held.answers.get(code)  # A refusal is false.
    return answer if answer is not None else _decide(person_id, held, code, context)


def decide(
    person_id: UUID, held: Effective, code: str, context: Mapping[str, Any] | Situation | None = None
) -> Decision:
    """The answer of `can` from what somebody is known to hold at a place."""
    answer = held.answers.get(code)
    return answer if answer is not None else _decide(person_id, held, code, context)


def check_many(actor: Actor, questions: Sequence[tuple[str, models.Model | None]]) -> list[Decision]:
    """Fill of the port `kit.decision.check_many`."""
    if actor.id is not None and actor.kind != "system":
        # Read at once what is not remembered; from here on every check is a warm one.
        asks = {ask_about(obj, actor.organisation_id) for _code, obj in questions}
        read_ahead(actor.id, asks, actor.organisation_id)
    return [can(actor, code, obj) for code, obj in questions]


def _without_rules(actor: Actor, code: str) -> Decision | None:
    """The answer that needs no look at what the actor holds."""
    if actor.kind == "system":
        known(code)
        return Decision(True, "system", _NONE)
    if actor.id is None:
        known(code)
        return Decision(False, "anonymous", _NONE)
    if actor.scopes is not None and code not in actor.scopes:
        known(code)
        return Decision(False, "scope", _NONE)
    return None


def _decide(person_id: UUID, held: Effective, code: str, context: Mapping[str, Any] | Situation | None) -> Decision:
    number = number_of(code)
    if number is None:
        return Decision(False, "no_role", held.version)
    bit = 1 << number
    if held.off & bit:
        answer = held.answers[code] = Decision(False, "module", held.version)
        return answer
    maybes = [maybe for maybe in held.maybes if maybe.bits & bit]
    if held.denied & bit or not maybes:
        allowed, reason = _plain(held, bit)
        answer = held.answers[code] = Decision(allowed, reason, held.version)
        return answer
    return _conditional(held, bit, at_object(situation(person_id, context), held.attributes))


def _plain(held: Effective, bit: int) -> tuple[bool, str]:
    if held.denied & bit:
        return False, "denied"
    for source, bits in zip(_STRONGEST, (held.roles, held.grants, held.public), strict=True):
        if bits & bit:
            return True, source
    return False, "no_role"


def _conditional(held: Effective, bit: int, here: Situation) -> Decision:
    """What allows has to be met; what denies counts unless it is known not to be met."""
    allowed, reason = _plain(held, bit)
    for maybe in held.maybes:
        if not maybe.bits & bit:
            continue
        answer = met(maybe.conditions, here)
        if maybe.denies and answer is not False:
            return Decision(False, "denied", held.version)
        if maybe.denies:
            continue
        if answer and (not allowed or _STRONGEST.index(maybe.source) < _STRONGEST.index(reason)):
            allowed, reason = True, maybe.source
        elif not allowed:
            reason = "condition"
    return Decision(allowed, reason, held.version)


def known(code: str) -> None:
    """Raise unless a room declares the code (`ImproperlyConfigured`), or a host product's catalogue (`CodeUnknown`)."""
    if "/" in code:
        number_of(code)
    else:
        registry.permissions.get(code)


def number_of(code: str) -> int | None:
    """The number of a code's bit; None for one that is declared and not synced yet: nobody can hold it."""
    number = _numbers.get(code)
    if number is None:
        if "/" not in code:
            registry.permissions.get(code)
        with connection.cursor() as cursor:
            cursor.execute("SELECT code, number FROM rbac_permission")
            rows = cursor.fetchall()
        # Numbers outlive their codes: one that no room declares any more is unknown.
        _numbers.update((name, bit) for name, bit in rows if "/" in name or name in registry.permissions)
        number = _numbers.get(code)  # One that is missing is looked for again: `roles apply` takes effect at once.
        if number is None and "/" in code:
            raise CodeUnknown
    return number


def is_denied(person_id: UUID, held: Effective, number: int) -> bool:
    """Whether a permission is denied or switched off at a place without attributes of its own, whatever allows it."""
    if (held.denied | held.off) >> number & 1:
        return True
    here = situation(person_id)
    return any(one.denies and one.bits >> number & 1 and met(one.conditions, here) is not False for one in held.maybes)


def organisation_of(obj: models.Model | None) -> UUID | None:
    """The organisation that an object belongs to, None for none."""
    return None if obj is None else ask_about(obj, None).organisation


def permissions_of(actor: Actor) -> list[str]:
    """The codes that `actor` holds on its organisation or, without one, on the installation; sorted."""
    return sorted(spec.code for spec in registry.permissions if can(actor, spec.code))


def held_bits(person_id: UUID, organisation: UUID | None = None, place: UUID | None = None) -> int:
    """The effective set of a person as bits, for the delegation rule: what is held without any condition on the
    installation, in an organisation, or on a `place` in it."""
    where = place or organisation
    return effective_at(person_id, Ask(organisation, where, where)).bits


def own_role_labels(actor: Actor) -> tuple[str, ...]:
    """Fill of the port `kit.decision.own_role_labels`: known with the decision, so it costs no query."""
    if actor.id is None:
        return ()
    standing = actor.organisation_id
    return effective_at(actor.id, Ask(standing, standing, standing)).labels


def own_products(actor: Actor) -> frozenset[str]:
    """The roles of host products that the acting one holds where it stands, as `product/role`; no query of their own."""
    if actor.id is None:
        return frozenset()
    standing = actor.organisation_id
    return effective_at(actor.id, Ask(standing, standing, standing)).products


def modules_off(actor: Actor) -> frozenset[UUID]:
    """The modules that are switched off where the acting one stands; no query of their own."""
    if actor.id is None:
        return frozenset()
    standing = actor.organisation_id
    return effective_at(actor.id, Ask(standing, standing, standing)).modules_off


def also_forget(forget: Callable[[], None]) -> None:
    """Have `forget` called with `forget_everything`; for modules above this one."""
    _forgetting.append(forget)


def forget_everything() -> None:
    """Drop what this process remembers: after a restore or a move to another database, stamps count from elsewhere."""
    rules.forget_effective()
    epochs.forget_known()
    for forget in _forgetting:
        forget()
    _numbers.clear()
