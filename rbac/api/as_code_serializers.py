"""Bodies of roles and access as a file."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.as_code.plan import Step
from rbac.as_code.reader import MOST_BYTES
from rbac.services.as_code import Plan

_YAML = "version: 1\nroles:\n  dock-master:\n    label: Dock master\n    rank: 10\n    allow:\n      - member:read\n"
_STEP = {
    "action": "create",
    "kind": "role",
    "name": "dock-master",
    "line": 3,
    "changes": [{"field": "label", "before": "", "after": "Dock master"}],
}
_FINGERPRINT = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"


class CodeReply(Reply):
    """The file of an organisation."""

    yaml = serializers.CharField()
    example = {"yaml": _YAML}


class CodeBody(Body):
    """A file to compare or apply."""

    yaml = serializers.CharField(max_length=MOST_BYTES, trim_whitespace=False)
    prune = serializers.BooleanField(required=False, help_text="Take away what the file does not name.")
    example = {"yaml": _YAML, "prune": False}


class CodeApplyBody(CodeBody):
    """A file to apply."""

    fingerprint = serializers.CharField(
        max_length=64, required=False, help_text="Of the plan that was looked at; refused when it is another by now."
    )
    example = {"yaml": _YAML, "fingerprint": _FINGERPRINT}


class CodeChangeReply(Reply):
    """A field that changes."""

    field = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)
    example = {"field": "label", "before": "", "after": "Dock master"}


class CodeStepReply(Reply):
    """One change."""

    action = serializers.ChoiceField(["create", "update", "delete"])
    kind = serializers.ChoiceField(["workspace", "role", "team", "member", "binding", "grant"])
    name = serializers.CharField()
    line = serializers.IntegerField(help_text="Of the file; 0 for what it does not name.")
    changes = CodeChangeReply(many=True)
    example = _STEP


class CodeDifferenceReply(Reply):
    """What one person gains and loses."""

    person_id = serializers.UUIDField()
    place = serializers.UUIDField(allow_null=True, help_text="Null: in the whole organisation.")
    gains = serializers.ListField(child=serializers.CharField())
    loses = serializers.ListField(child=serializers.CharField())
    example = {
        "person_id": "01890000-0000-7000-8000-0000000000a1",
        "place": None,
        "gains": ["member:read"],
        "loses": [],
    }


class CodePlanReply(Reply):
    """What a file would do."""

    steps = CodeStepReply(many=True)
    people = CodeDifferenceReply(many=True)
    complete = serializers.BooleanField(help_text="False: more people are touched than were compared.")
    fingerprint = serializers.CharField()
    example = {"steps": [_STEP], "people": [], "complete": True, "fingerprint": _FINGERPRINT}


class CodeAppliedReply(Reply):
    """What was done."""

    steps = CodeStepReply(many=True)
    example = {"steps": [_STEP]}


def step_body(step: Step) -> dict[str, Any]:
    """One change."""
    changes = [{"field": name, "before": before, "after": after} for name, before, after in step.changes]
    return {"action": step.action, "kind": step.kind, "name": step.name, "line": step.line, "changes": changes}


def plan_body(plan: Plan) -> dict[str, Any]:
    """What a file would do."""
    differences = plan.preview.differences if plan.preview is not None else ()
    return {
        "steps": [step_body(step) for step in plan.steps],
        "people": [
            {"person_id": one.person_id, "place": one.place, "gains": list(one.gains), "loses": list(one.loses)}
            for one in differences
        ],
        "complete": plan.preview is None or plan.preview.complete,
        "fingerprint": plan.fingerprint,
    }
