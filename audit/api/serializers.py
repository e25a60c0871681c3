"""Bodies of the trail."""

from typing import Any

from audit.presenters import Told


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
