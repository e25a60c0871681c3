"""Questions of host products: may this subject do that to this thing, many of them at once.

Subjects and things are named by their ids or by those of the product. One statement finds out whom and what they name,
at which stamps, and what bears on them as far as this process does not remember it (`rbac_questions`); the answers are
those of the one decision. Nothing is answered from stamps of an earlier call, so a revoke is seen by the very next one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from django.db import connection
from django.utils.translation import gettext as _

from portal.kit import clock, errors, registry
from portal.kit.context import Actor
from portal.kit.decision import Decision, authorise, can
from portal.kit.postgres.base import DatabaseWrapper, Statement
from rbac.conditions import Situation, situation
from rbac.decision import also_forget, decide, known, number_of
from rbac.epochs import Stamps, remember_stamps, stamps_of
from rbac.errors import CodeUnknown, QuestionsRefused
from rbac.rules import Ask, Effective, Told, learn, moment_values, remembered

LIMIT = 50_000  # Names remembered by a process; more of them are forgotten at once.
KEEP_SECONDS = 60  # For so long a host product may keep what is allowed, unless the feed of changes says otherwise.
ORGANISATION, WORKSPACE = "organisation", "workspace"
_QUESTIONS = Statement("SELECT rbac_questions($1, $2, $3, $4)::text")
_NONE = "0.0.0"


class Whom(NamedTuple):
    """A person or service account as a caller names it: by its id, or by the id that a host product has for it."""

    kind: str  # `person` or `service`.
    id: UUID | None = None
    application: str = ""
    external_id: str = ""


class What(NamedTuple):
    """A thing as a caller names it. `kind` is `organisation`, `workspace` or `<application>/<type>`."""

    kind: str
    id: UUID | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """May `whom` (None: who calls, with no more rights than its key) do `code` to `what` (None: where the caller stands)?

    `here` is what the caller tells of the circumstances.
    """

    code: str
    whom: Whom | None = None
    what: What | None = None
    here: Situation | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, and for how many seconds it may be kept under its version while nothing is heard of a change; 0 where
    that does not tell when it ends: a refusal, or what conditions bear on."""

    decision: Decision
    keep_seconds: int = 0


@dataclass(slots=True)
class Reading:
    """What one statement told of the questions of a call."""

    installation: int
    organisation: int
    people: dict[Whom, tuple[UUID, int]] = field(default_factory=dict)
    things: dict[What, UUID] = field(default_factory=dict)
    unknown_kinds: set[What] = field(default_factory=set)
    held: dict[tuple[UUID, Ask], Effective] = field(default_factory=dict)

    def stamps(self, epoch: int) -> Stamps:
        """The stamps of a person with this epoch."""
        return self.installation, self.organisation, epoch

    def remember(self, person_id: UUID, organisation: UUID | None) -> str:
        """Have the rest of the call decide about a person at the stamps that were read here; their version."""
        epoch = next(epoch for key, epoch in self.people.values() if key == person_id)
        remember_stamps(person_id, organisation, self.stamps(epoch))
        return "{}.{}.{}".format(*self.stamps(epoch))

    @property
    def version(self) -> str:
        """The version of an answer about nobody who is there."""
        return f"{self.installation}.{self.organisation}.0"


Kept = tuple[UUID, Ask, Stamps, Effective]
# By organisation and names: whom and where they meant when they were asked last, and at which stamps.
_meant: dict[tuple[UUID | None, Whom, What | None], tuple[UUID, Ask, Stamps]] = {}


def others_code(actor: Actor) -> str:
    """The right to ask about others where `actor` stands: who sees the people there may ask what they may do."""
    return "member:read" if actor.organisation_id is not None else "user:read"


def explain_code(actor: Actor) -> str:
    """The right to be told why others may or may not, with roles, teams and conditions: who gives roles there."""
    return "role:assign" if actor.organisation_id is not None else "role:admin"


def check_code(code: str) -> None:
    """Raise `CodeUnknown` for a permission that neither Steward nor a host product has."""
    if "/" not in code and code not in registry.permissions:
        raise CodeUnknown
    known(code)


def ask(actor: Actor, questions: Sequence[Question]) -> list[Answer]:
    """The answers, in order; one query, whatever the number.

    Subjects and things that are not in the organisation of `actor` are refused like those that exist nowhere. Raises
    `CodeUnknown`, or with several questions `QuestionsRefused` with the place of each; `Invalid` for a type that no
    product has; `Forbidden` where `actor` asks about others without the right to.
    """
    _check_codes(questions)
    reading = read(actor, [(question.whom, question.what) for question in questions])
    _check_kinds(questions, reading)
    free = may_ask(actor, (question.whom for question in questions), reading)
    return [_answer(actor, question, reading, free=free) for question in questions]


def may_ask(actor: Actor, whom: Iterable[Whom | None], reading: Reading) -> bool:
    """Whether `actor` may ask about others; `Forbidden` when it may not and these are not all itself."""
    named = {one for one in whom if one is not None}
    if not named:
        return False
    if can(actor, others_code(actor)):
        return True
    if any(reading.people.get(one, (None, 0))[0] != actor.id for one in named):
        authorise(actor, others_code(actor))
    return False


def subject_of(actor: Actor, whom: Whom | None, reading: Reading, *, free: bool) -> Actor | None:
    """Whose rights a question is about: a named one has all of its own, who calls those of its key. None: nobody here."""
    if whom is None or not free:
        return actor
    person = reading.people.get(whom)
    return None if person is None else Actor("person", person[0], "", actor.organisation_id)


def circumstances(actor: Actor, here: Situation | None, *, own: bool) -> Situation:
    """What conditions are judged by. Of another one only counts what the caller tells: the address of the call is that
    of the host product."""
    if here is not None:
        return here
    return situation(actor.id) if own else Situation(clock.now())


def _check_codes(questions: Sequence[Question]) -> None:
    wrong = {}
    for place, question in enumerate(questions):
        try:
            check_code(question.code)
        except CodeUnknown as error:
            if len(questions) == 1:
                raise
            wrong[f"items.{place}.permission"] = [str(error.detail)]
    if wrong:
        raise QuestionsRefused(fields=wrong)


def _check_kinds(questions: Sequence[Question], reading: Reading) -> None:
    if not reading.unknown_kinds:
        return
    single = len(questions) == 1
    raise errors.Invalid(
        fields={
            "resource.type" if single else f"items.{place}.resource.type": [_("There is no such type.")]
            for place, question in enumerate(questions)
            if question.what in reading.unknown_kinds
        }
    )


def _answer(actor: Actor, question: Question, reading: Reading, *, free: bool) -> Answer:
    subject = subject_of(actor, question.whom, reading, free=free)
    if subject is None or subject.id is None:
        return Answer(Decision(False, "no_role", reading.version))
    if subject.scopes is not None and question.code not in subject.scopes:
        return Answer(Decision(False, "scope", _NONE))
    if question.what is None:
        place = actor.organisation_id
    else:
        found = reading.things.get(question.what)
        if found is None:
            return Answer(Decision(False, "no_role", reading.version))
        place = found
    held = reading.held.get((subject.id, Ask(actor.organisation_id, place, place)))
    if held is None:
        return Answer(Decision(False, "no_role", reading.version))
    own = question.whom is None or not free
    decision = decide(subject.id, held, question.code, circumstances(actor, question.here, own=own))
    return Answer(decision, _seconds(held, question.code, decision))


def _seconds(held: Effective, code: str, decision: Decision) -> int:
    if not decision.allowed:
        return 0
    bit = 1 << (number_of(code) or 0)
    if any(maybe.bits & bit for maybe in held.maybes):
        return 0
    left = KEEP_SECONDS if held.until is None else int((held.until - clock.now()).total_seconds())
    return max(0, min(KEEP_SECONDS, left))


# --- the reading ---


def read(actor: Actor, pairs: Sequence[tuple[Whom | None, What | None]]) -> Reading:
    """Whom and what the pairs name, and what each of them holds there; one query.

    Who calls is read along where it is not remembered, since whether it may ask has to be decided as well.
    """
    own = Whom("service" if actor.kind == "service" else "person", actor.id)
    wanted = {(whom or own, what) for whom, what in pairs}
    here = actor.organisation_id
    at_home = Ask(here, here, here)
    if actor.id is not None and remembered(actor.id, at_home, stamps_of(actor.id, here)) is None:
        wanted.add((own, None))
    people = {whom: place for place, whom in enumerate({whom for whom, _what in wanted})}
    things = {what: place for place, what in enumerate({what for _whom, what in wanted if what is not None})}
    # Held on to while the database is asked: another thread may make the process forget it.
    kept = {names: found for names in wanted if (found := _meant_by(here, *names)) is not None}
    told = _told(here, people, things, {names: kept.get(names) for names in wanted})
    reading = _named(told, list(people), list(things))
    if own in reading.people:
        # So that what follows in this call is decided at the same moment.
        person_id, epoch = reading.people[own]
        remember_stamps(person_id, here, reading.stamps(epoch))
    _hold(here, reading, {UUID(key): Told(one) for key, one in told["rules"] or ()}, wanted, kept)
    return reading


def _told(
    organisation: UUID | None,
    people: Mapping[Whom, int],
    things: Mapping[What, int],
    wanted: Mapping[tuple[Whom, What | None], Kept | None],
) -> dict[str, Any]:
    asked = {
        "people": [
            {"n": n, "kind": one.kind, "id": one.id, "application": one.application, "external_id": one.external_id}
            for one, n in people.items()
        ],
        "things": [
            {"n": n, "kind": one.kind, "id": one.id, "external_id": one.external_id} for one, n in things.items()
        ],
        "pairs": [
            {
                "person": people[whom],
                "thing": None if what is None else things[what],
                "known": None if kept is None else "{}.{}.{}".format(*kept[2]),
            }
            for (whom, what), kept in wanted.items()
        ],
    }
    values = [None if organisation is None else organisation.bytes, orjson.dumps(asked), *moment_values()]
    row = cast(DatabaseWrapper, connection).first_row(_QUESTIONS, values)
    told: dict[str, Any] = orjson.loads(cast(list[bytes], row)[0])
    return told


def _meant_by(organisation: UUID | None, whom: Whom, what: What | None) -> Kept | None:
    """Whom and where these names meant, at which stamps, and what is remembered of that."""
    meant = _meant.get((organisation, whom, what))
    held = None if meant is None else remembered(*meant)
    return None if meant is None or held is None else (*meant, held)


def _named(told: Mapping[str, Any], people: Sequence[Whom], things: Sequence[What]) -> Reading:
    reading = Reading(told["installation"], told["organisation"])
    reading.people = {people[n]: (UUID(key), epoch) for n, key, epoch in told["people"] or ()}
    for n, key, is_known in told["things"] or ():
        if not is_known:
            reading.unknown_kinds.add(things[n])
        elif key is not None:
            reading.things[things[n]] = UUID(key)
    return reading


def _hold(
    organisation: UUID | None,
    reading: Reading,
    rules: Mapping[UUID, Told],
    wanted: Iterable[tuple[Whom, What | None]],
    kept: Mapping[tuple[Whom, What | None], Kept],
) -> None:
    """Put together what each holds where: what was remembered, if its stamps are still those, else what was told."""
    asks: dict[UUID, dict[Ask, Stamps]] = {}
    for whom, what in wanted:
        person = reading.people.get(whom)
        place = organisation if what is None else reading.things.get(what)
        if person is None or (what is not None and place is None):
            continue
        meant = person[0], Ask(organisation, place, place), reading.stamps(person[1])
        known_as = kept.get((whom, what))
        if known_as is not None and known_as[:3] == meant:
            reading.held[meant[:2]] = known_as[3]
            continue
        asks.setdefault(person[0], {})[meant[1]] = meant[2]
        if len(_meant) >= LIMIT:
            _meant.clear()
        _meant[organisation, whom, what] = meant
    for person_id, missing in asks.items():
        for place_, held in learn(person_id, missing, rules[person_id]).items():
            reading.held[person_id, place_] = held


def forget_meant() -> None:
    """Drop what this process remembers; see `rbac.decision.forget_everything`."""
    _meant.clear()


also_forget(forget_meant)
