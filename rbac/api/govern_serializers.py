"""Bodies of roles for a while, of broken glass and of separated duties."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.duties import CODE, Conflict, Item
from rbac.elevation_rules import TEXT_LIMIT
from rbac.models import DutyRule, Elevation, GlassBreak
from rbac.services.glass import NOTE_LIMIT

_ID, _ROLE, _PERSON, _PLACE = (f"01890000-0000-7000-8000-0000000000f{number}" for number in (1, 2, 3, 4))
_MOMENT = "2026-01-31T08:30:00Z"


class ElevationReply(Reply):
    """A request for a role for a while, and what became of it."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    role_id = serializers.UUIDField(allow_null=True, help_text="Null when the role is gone.")
    role = serializers.CharField(help_text="What the role was called.")
    scope_id = serializers.UUIDField(help_text="The id of the organisation, workspace or resource.")
    reason = serializers.CharField()
    minutes = serializers.IntegerField()
    state = serializers.ChoiceField(Elevation.State.values)
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until when it can be answered.")
    decided_by = serializers.UUIDField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    words = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True, help_text="When what was approved ends by itself.")
    ended_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "user_id": _PERSON,
        "role_id": _ROLE,
        "role": "Admin",
        "scope_id": _PLACE,
        "reason": "The crane stands still",
        "minutes": 60,
        "state": "asked",
        "asked_at": _MOMENT,
        "expires_at": _MOMENT,
        "decided_by": None,
        "decided_at": None,
        "words": "",
        "until": None,
        "ended_at": None,
    }


class ElevationBody(Body):
    """A role to ask for."""

    role_id = serializers.UUIDField()
    scope_id = serializers.UUIDField(required=False, help_text="The whole organisation if absent.")
    minutes = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=TEXT_LIMIT)
    example = {"role_id": _ROLE, "minutes": 60, "reason": "The crane stands still"}


class ElevationDecisionBody(Body):
    """What becomes of a request: others approve or refuse it, who asked withdraws it, either of them ends it."""

    decision = serializers.ChoiceField(["approve", "refuse", "withdraw", "end"])
    words = serializers.CharField(
        max_length=TEXT_LIMIT, required=False, allow_blank=True, help_text="Needed to refuse."
    )
    example = {"decision": "approve", "words": "Until the crane runs"}


class GlassReply(Reply):
    """Every right in one organisation, in an emergency, and what became of it."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    reason = serializers.CharField()
    stage = serializers.ChoiceField(["live", "unnoted", "unreviewed", "closed"])
    started_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="When it ends by itself.")
    ended_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="What was done.")
    noted_at = serializers.DateTimeField(allow_null=True)
    reviewed_by = serializers.UUIDField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    verdict = serializers.ChoiceField(["", *GlassBreak.Verdict.values])
    words = serializers.CharField(allow_blank=True)
    example = {
        "id": _ID,
        "organisation_id": _PLACE,
        "user_id": _PERSON,
        "reason": "Nobody can sign in there",
        "stage": "live",
        "started_at": _MOMENT,
        "expires_at": _MOMENT,
        "ended_at": None,
        "note": "",
        "noted_at": None,
        "reviewed_by": None,
        "reviewed_at": None,
        "verdict": "",
        "words": "",
    }


class GlassBody(Body):
    """Where, and why."""

    organisation_id = serializers.UUIDField()
    reason = serializers.CharField(max_length=TEXT_LIMIT)
    example = {"organisation_id": _PLACE, "reason": "Nobody can sign in there"}


class GlassActBody(Body):
    """What becomes of it."""

    act = serializers.ChoiceField(["end", "note", "review"])
    note = serializers.CharField(max_length=NOTE_LIMIT, required=False, help_text="With act: note.")
    verdict = serializers.ChoiceField(GlassBreak.Verdict.values, required=False, help_text="With act: review.")
    words = serializers.CharField(
        max_length=TEXT_LIMIT, required=False, allow_blank=True, help_text="Needed where it was not justified."
    )
    example = {"act": "note", "note": "The certificate had expired; a new one is in place."}


class DutyRuleReply(Reply):
    """Two sides of codes and roles of which nobody may hold something of both."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    one_codes = serializers.ListField(child=serializers.CharField())
    one_roles = serializers.ListField(child=serializers.UUIDField())
    other_codes = serializers.ListField(child=serializers.CharField())
    other_roles = serializers.ListField(child=serializers.UUIDField())
    is_active = serializers.BooleanField()
    example = {
        "id": _ID,
        "name": "Who edits roles may not approve elevation",
        "description": "",
        "one_codes": ["role:update"],
        "one_roles": [],
        "other_codes": ["role:assign"],
        "other_roles": [],
        "is_active": True,
    }


def _codes() -> Any:
    return serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=100)


def _roles() -> Any:
    return serializers.ListField(child=serializers.UUIDField(), required=False, max_length=100)


class DutyRuleBody(Body):
    """A rule."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=TEXT_LIMIT, required=False, allow_blank=True)
    one_codes = _codes()
    one_roles = _roles()
    other_codes = _codes()
    other_roles = _roles()
    is_active = serializers.BooleanField(required=False)
    example = {"name": "Hands apart", "one_codes": ["role:update"], "other_codes": ["role:assign"]}


class DutyConflictReply(Reply):
    """Somebody who holds something of both sides of a rule."""

    rule_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    one = serializers.ListField(child=serializers.CharField(), help_text="Codes, and ids of roles.")
    other = serializers.ListField(child=serializers.CharField(), help_text="Codes, and ids of roles.")
    example = {"rule_id": _ID, "user_id": _PERSON, "one": ["role:update"], "other": ["role:assign"]}


def elevation_body(row: Elevation) -> dict[str, Any]:
    """A request as the API tells it."""
    names = ("user_id", "role_id", "scope_id", "reason", "minutes", "asked_at", "expires_at", "decided_at", "words")
    told = {name: getattr(row, name) for name in (*names, "until", "ended_at")}
    return {"id": row.pk, "role": row.role_label, "state": row.state_now, "decided_by": row.decided_by_id, **told}


def glass_body(row: GlassBreak) -> dict[str, Any]:
    """An emergency as the API tells it."""
    names = ("organisation_id", "user_id", "reason", "stage", "started_at", "expires_at", "ended_at")
    later = ("note", "noted_at", "reviewed_at", "verdict", "words")
    told = {name: getattr(row, name) for name in (*names, *later)}
    return {"id": row.pk, "reviewed_by": row.reviewed_by_id, **told}


def rule_body(row: DutyRule) -> dict[str, Any]:
    """A rule as the API tells it."""
    names = ("name", "description", "one_codes", "one_roles", "other_codes", "other_roles", "is_active")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def conflict_body(found: Conflict) -> dict[str, Any]:
    """A conflict as the API tells it."""
    return {
        "rule_id": found.rule.pk,
        "user_id": found.person_id,
        "one": _items(found.one),
        "other": _items(found.other),
    }


def _items(items: tuple[Item, ...]) -> list[str]:
    return [item for _kind, item in sorted(items, key=lambda one: (one[0] != CODE, one[1]))]
