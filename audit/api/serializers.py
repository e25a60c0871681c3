"""Bodies of the trail.

Fields may be named like attributes of REST framework's classes (label, source, data): they are kept apart from those.
"""

from typing import Any

from rest_framework import serializers

from audit.models import Channel
from audit.presenters import Told
from portal.kit.api import Reply


class ActorReply(Reply):
    """Who did it."""

    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]


class BehalfReply(Reply):
    """On whose behalf."""

    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]


class TargetReply(Reply):
    """What it was done to."""

    type = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


class ChangeReply(Reply):
    """One field of the diff, its values as they were written; a hidden one has none."""

    field = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()
    hidden = serializers.BooleanField()


class EventReply(Reply):
    """One event, its labels as they were then."""

    id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    code = serializers.CharField()
    sentence = serializers.CharField()
    category = serializers.CharField()
    severity = serializers.CharField()
    outcome = serializers.CharField()
    actor = ActorReply()
    on_behalf_of = BehalfReply(allow_null=True)
    organisation_id = serializers.UUIDField(allow_null=True)
    target = TargetReply(allow_null=True)
    changes = ChangeReply(many=True)
    data = serializers.DictField(help_text="Further public facts.")  # type: ignore[assignment]
    reason = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    request_id = serializers.CharField(allow_null=True)
    correlation_id = serializers.CharField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    agent = serializers.CharField(allow_blank=True)
    erased = serializers.BooleanField(help_text="A person in it was erased; its label cannot be read any more.")
    altered = serializers.BooleanField(help_text="Personal parts are not what was written: evidence of tampering.")
    example = {
        "id": "01890000-0000-7000-8000-0000000000e1",
        "occurred_at": "2026-01-31T08:30:00Z",
        "code": "accounts.user.deactivated",
        "sentence": "Ada Lindqvist was deactivated",
        "category": "administration",
        "severity": "notice",
        "outcome": "ok",
        "actor": {"kind": "person", "id": "01890000-0000-7000-8000-000000000002", "label": "Bruno Novak"},
        "on_behalf_of": None,
        "organisation_id": None,
        "target": {
            "type": "accounts.user",
            "id": "01890000-0000-7000-8000-000000000001",
            "label": "Ada Lindqvist",
        },
        "changes": [{"field": "is_active", "before": True, "after": False, "hidden": False}],
        "data": {},
        "reason": "Left the company",
        "source": "request",
        "request_id": "5f0c9b7d2a7e4b1c8d3e6f9a0b1c2d3e",
        "correlation_id": "5f0c9b7d2a7e4b1c8d3e6f9a0b1c2d3e",
        "session_id": "01890000-0000-7000-8000-000000000003",
        "address": "192.0.2.7",
        "agent": "curl/8.5",
        "erased": False,
        "altered": False,
    }


def event_body(event: Told) -> dict[str, Any]:
    """One event, its labels as they were then. `erased` and `altered` tell of personal parts that cannot be read."""
    row = event.row
    target = {"type": row.target_type, "id": row.target_id, "label": event.target_label} if row.target_type else None
    return {
        "id": row.id,
        "occurred_at": row.occurred_at,
        "code": row.code,
        "sentence": event.sentence,
        "category": row.category,
        "severity": row.severity,
        "outcome": row.outcome,
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "label": event.actor_label},
        "on_behalf_of": {"id": row.behalf_id, "label": event.behalf_label} if event.behalf_label else None,
        "organisation_id": row.organisation_id,
        "target": target,
        "changes": [_change_body(change.name, event) for change in event.changes],
        "data": row.data,
        "reason": row.reason,
        "source": row.source,
        "request_id": row.request_id or None,
        "correlation_id": row.correlation_id or None,
        "session_id": row.session_id,
        "address": row.address,
        "agent": row.agent,
        "erased": event.erased,
        "altered": event.altered,
    }


def _change_body(name: str, event: Told) -> dict[str, Any]:
    """The values as they were written, not as a page words them; a hidden one has none."""
    before, after = event.raw_changes[name]
    if event.is_masked(name):
        return {"field": name, "before": None, "after": None, "hidden": True}
    return {"field": name, "before": before, "after": after, "hidden": False}


class ActivityReply(Reply):
    """One request that a page or an endpoint answered."""

    id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    method = serializers.CharField()
    route = serializers.CharField(help_text="The declared pattern of the address, without ids.")
    object_id = serializers.UUIDField(allow_null=True, help_text="The id in the address, where it has one.")
    status = serializers.IntegerField()
    duration_ms = serializers.FloatField()
    bytes = serializers.IntegerField(allow_null=True, help_text="Size of the body; null of a streamed one.")
    actor_kind = serializers.CharField()
    actor_id = serializers.UUIDField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)
    organisation_id = serializers.UUIDField(allow_null=True)
    address = serializers.CharField(allow_null=True, help_text="The network of the client: /24 or /48.")
    request_id = serializers.CharField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000a1",
        "occurred_at": "2026-01-31T08:30:00Z",
        "channel": "page",
        "method": "GET",
        "route": "platform/people/<uuid:key>",
        "object_id": "01890000-0000-7000-8000-000000000001",
        "status": 200,
        "duration_ms": 18.4,
        "bytes": 28114,
        "actor_kind": "person",
        "actor_id": "01890000-0000-7000-8000-000000000002",
        "session_id": "01890000-0000-7000-8000-000000000003",
        "organisation_id": None,
        "address": "192.0.2.0/24",
        "request_id": "5f0c9b7d2a7e4b1c8d3e6f9a0b1c2d3e",
    }


ACTIVITY = tuple(ActivityReply.example)
