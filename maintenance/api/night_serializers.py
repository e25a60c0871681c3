"""Bodies of nights."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from maintenance.api.serializers import EXAMPLE as RUN
from maintenance.models import NightReport
from maintenance.night_report import ORDER, reason_of
from portal.kit.api import Reply

_COUNTS = ("succeeded", "failed", "missed", "running", "idle", "busy_ms", "rows", "bytes", "told")
_ITEM = ("label", "state", "runs", "failed", "due_at", "started_at", "ended_at", "busy_ms", "rows", "bytes", "run")
_TIMES = ("due_at", "started_at", "ended_at")
EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000b1",
    "origin": "morning",
    "starts_at": "2026-01-30T05:30:02Z",
    "ends_at": "2026-01-31T05:30:01Z",
    "run": RUN["id"],
    "succeeded": 13,
    "failed": 1,
    "missed": 0,
    "running": 0,
    "idle": 2,
    "busy_ms": 412_000,
    "rows": 81_120,
    "bytes": 1_310_000_000,
    "told": 3,
}


class NightReply(Reply):
    """A report in a list: the window, and how many tasks went how."""

    id = serializers.UUIDField()
    origin = serializers.ChoiceField(choices=NightReport.Origin.values)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    run = serializers.UUIDField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    missed = serializers.IntegerField()
    running = serializers.IntegerField()
    idle = serializers.IntegerField()
    busy_ms = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    told = serializers.IntegerField()
    example = EXAMPLE


class NightItemReply(Reply):
    """What became of one task in the window."""

    schedule = serializers.CharField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=ORDER)
    reason = serializers.CharField(allow_null=True)
    runs = serializers.IntegerField()
    failed = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    busy_ms = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    run = serializers.UUIDField(allow_null=True)


class NightWithItemsReply(NightReply):
    """One report, what is wrong first."""

    items = NightItemReply(many=True)
    example = {
        **EXAMPLE,
        "items": [
            {
                "schedule": "accounts.expired_sessions",
                "label": "Expired sessions",
                "state": "ok",
                "reason": None,
                "runs": 1,
                "failed": 0,
                "due_at": "2026-01-31T02:30:00Z",
                "started_at": "2026-01-31T02:30:01Z",
                "ended_at": "2026-01-31T02:30:04Z",
                "busy_ms": 3120,
                "rows": 1204,
                "bytes": 0,
                "run": RUN["id"],
            }
        ],
    }


def night_body(report: NightReport) -> dict[str, Any]:
    """A report in a list."""
    return {
        "id": report.pk,
        "origin": report.origin,
        "starts_at": report.starts_at,
        "ends_at": report.ends_at,
        "run": report.run_id,
        **{name: getattr(report, name) for name in _COUNTS},
    }


def night_with_items_body(report: NightReport) -> dict[str, Any]:
    """One report."""
    items = [
        {"schedule": item["schedule"] or None, "reason": reason_of(item) or None}
        | {name: item[name] for name in _ITEM}
        | {name: datetime.fromisoformat(item[name]) if item[name] else None for name in _TIMES}
        for item in report.items
    ]
    return night_body(report) | {"items": items}
