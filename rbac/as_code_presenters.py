"""The plan of a file as pages and the API show it."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from rbac.as_code.plan import Step
from rbac.role_presenters import right_label
from rbac.services.as_code import Plan

CHANGES_SHOWN = 300  # Steps on the page; of more the number is told.
PEOPLE_SHOWN = 100


def kind_label(kind: str) -> str:
    """What a step is about, in words."""
    return {
        "workspace": _("Workspace"),
        "role": _("Role"),
        "team": _("Team"),
        "member": _("Member of a team"),
        "binding": _("Role held"),
        "grant": _("Single right"),
    }[kind]


def _step(step: Step) -> dict[str, Any]:
    tone, word = {
        "create": ("ok", _("Add")),
        "update": ("info", _("Change")),
        "delete": ("bad", _("Take away")),
    }[step.action]
    return {
        "tone": tone,
        "word": word,
        "kind": kind_label(step.kind),
        "name": step.name,
        "line": step.line,
        "changes": [{"field": name, "before": before, "after": after} for name, before, after in step.changes],
    }


def plan_values(plan: Plan) -> dict[str, Any]:
    """Numbers, steps, and who gains and loses."""
    counts = {action: sum(step.action == action for step in plan.steps) for action in ("create", "update", "delete")}
    people = people_of(plan)
    return {
        "counts": counts,
        "steps": [_step(step) for step in plan.steps[:CHANGES_SHOWN]],
        "more_steps": max(0, len(plan.steps) - CHANGES_SHOWN),
        "people": people[:PEOPLE_SHOWN],
        "more_people": max(0, len(people) - PEOPLE_SHOWN),
        "gaining": sum(bool(one["gains"]) for one in people),
        "losing": sum(bool(one["loses"]) for one in people),
        "complete": plan.preview is None or plan.preview.complete,
        "fingerprint": plan.fingerprint,
        "possible": bool(plan.steps) and plan.refusal is None,
        "refused": plan.refusal is not None,
    }


def people_of(plan: Plan) -> list[dict[str, Any]]:
    """Who gains and loses what: each person once for each place on which it differs, by name."""
    if plan.preview is None:
        return []
    places: dict[UUID | None, str] = {row.pk: str(row) for row in plan.places}
    seen: set[tuple[UUID, tuple[str, ...], tuple[str, ...]]] = set()
    found = []
    for one in sorted(plan.preview.differences, key=lambda row: (row.label, row.place in places)):
        # What is gained in the whole organisation is gained on each part of it as well.
        if (one.person_id, one.gains, one.loses) in seen:
            continue
        seen.add((one.person_id, one.gains, one.loses))
        found.append(
            {
                "id": one.person_id,
                "name": one.label,
                "hue": one.person_id.int,
                "place": places.get(one.place, ""),
                "gains": [right_label(code) for code in one.gains],
                "loses": [right_label(code) for code in one.loses],
            }
        )
    return found
