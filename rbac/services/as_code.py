"""Roles and access of an organisation as a file: taken out, compared, applied as a whole or not at all.

A file is a way to press the buttons of the console, not around them: each step is the service behind the button, with
the rights of who applies it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import models, transaction

from portal.kit.context import Actor
from portal.kit.errors import StewardError
from portal.kit.record import record
from portal.kit.services import writing
from rbac import simulate as simulation
from rbac.as_code.document import Document, document_of
from rbac.as_code.plan import Step, carry_out, fingerprint, plan_of
from rbac.as_code.state import State, state_of
from rbac.as_code.writer import written
from rbac.errors import CodeOutdated
from rbac.services.keepers import scope_lock
from rbac.simulate import Preview
from rbac.standing import standing_on
from rbac.tree_guards import authorise_here

RIGHT = "role:assign"
MOST_PLACES = 10  # Beside the whole organisation, on which a plan says who gains and loses.


@dataclass(frozen=True)
class Plan:
    """What a file would do. `preview`: who gains and loses what; None with `refusal`, which says why it cannot be."""

    steps: list[Step]
    fingerprint: str
    preview: Preview | None
    refusal: StewardError | None = None
    places: tuple[models.Model, ...] = ()


def code_export(*, actor: Actor, organisation_id: UUID) -> str:
    """The file of an organisation as it is (`role:assign`). Event `rbac.code.exported`."""
    authorise_here(actor, RIGHT, organisation_id)
    with standing_on(organisation_id):
        text = written(state_of(organisation_id).document)
        record("rbac.code.exported", target=_organisation(organisation_id), data={"sha256": _sha256(text)})
    return text


def code_plan(*, actor: Actor, organisation_id: UUID, text: str, prune: bool = False) -> Plan:
    """What a file would do, and who would gain and lose by it: it is applied and taken back (`role:assign`).

    Nothing stays, no event and no mail. `CodeInvalid` for a file that cannot be understood; one that `actor` could not
    apply is a plan with a `refusal`.
    """
    authorise_here(actor, RIGHT, organisation_id)
    wanted = document_of(text)
    with standing_on(organisation_id):
        scope_lock(scope_id=organisation_id)
        steps, state = _steps(wanted, organisation_id, prune)
        if not steps:
            return Plan([], fingerprint([]), None)
        places = tuple(_places(wanted, state))
        try:
            preview = simulation.simulate(lambda: carry_out(steps, state), (None, *places))
        except StewardError as error:
            return Plan(steps, fingerprint(steps), None, error)
        return Plan(steps, fingerprint(steps), preview, places=places)


def code_apply(
    *, actor: Actor, organisation_id: UUID, text: str, prune: bool = False, expected: str = ""
) -> list[Step]:
    """Bring an organisation to what a file says, all of it or nothing; returns what was done (`role:assign`, and what
    each step takes). Event `rbac.code.applied` beside those of the steps; none when there was nothing to do.

    `expected`: the fingerprint of the plan that was looked at, `CodeOutdated` when it is another one by now. Without
    `prune` nothing is deleted. What a step refuses is raised with its line.
    """
    authorise_here(actor, RIGHT, organisation_id)
    wanted = document_of(text)
    with standing_on(organisation_id), transaction.atomic():
        scope_lock(scope_id=organisation_id)
        steps, state = _steps(wanted, organisation_id, prune)
        if expected and expected != fingerprint(steps):
            raise CodeOutdated
        if steps:
            carry_out(steps, state)
            counts = Counter(step.action for step in steps)
            told = {"created": counts["create"], "updated": counts["update"], "deleted": counts["delete"]}
            with writing():
                record(
                    "rbac.code.applied",
                    target=_organisation(organisation_id),
                    data={**told, "changes": len(steps), "sha256": _sha256(text)},
                )
    return steps


def _steps(wanted: Document, organisation_id: UUID, prune: bool) -> tuple[list[Step], State]:
    named = [*(wanted.bindings or {}).values(), *(wanted.grants or {}).values()]
    resources = {held.on.removeprefix("resource:") for held in named if held.on.startswith("resource:")}
    state = state_of(organisation_id, resources)
    return plan_of(wanted, state, prune=prune), state


def _places(wanted: Document, state: State) -> list[models.Model]:
    """The parts that the file gives something on, and that are there already."""
    held = [*(wanted.bindings or {}).values(), *(wanted.grants or {}).values()]
    found: dict[UUID, models.Model] = {}
    for on in sorted({one.on for one in held} - {"organisation"}):
        kind, _colon, name = on.partition(":")
        row: models.Model | None = (state.workspaces if kind == "workspace" else state.resources).get(name)
        if row is not None:
            found[row.pk] = row
    return list(found.values())[:MOST_PLACES]


def _organisation(organisation_id: UUID) -> models.Model:
    found: models.Model = apps.get_model("accounts", "Organisation")._default_manager.get(pk=organisation_id)
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
