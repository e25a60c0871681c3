"""Bodies of clean-ups."""

from typing import Any

from rest_framework import serializers

from maintenance import cleaning
from maintenance.api.serializers import EXAMPLE as RUN_EXAMPLE
from maintenance.cleaning.keeping import LONGEST_HOURS, least_hours
from maintenance.models import JobRun
from maintenance.presenters.cleanups import history_row
from maintenance.selectors.cleanups import Outcome, outcomes
from maintenance.selectors.sizes import TableSize
from portal.kit.api import Body, Reply

_ITEM: dict[str, Any] = {
    "name": "maintenance.temp_files",
    "label": "Temporary files",
    "unit": "files",
    "count": 14,
    "bytes": 52_310,
    "total": 20,
    "older_than": "2026-01-30T02:30:00Z",
    "least_hours": 1,
    "guarded": False,
    "note": "",
    "columns": ["File", "Last written to", "Bytes"],
    "sample": [["report-0193.pdf", "2026-01-28T10:00:00Z", 40_112]],
}
_OUTCOME: dict[str, Any] = {
    "cleanup": "maintenance.temp_files",
    "unit": "files",
    "deleted": 14,
    "bytes": 52_310,
    "bytes_returned": 52_310,
    "busy_ms": 12,
    "left": 0,
    "skipped": False,
    "error": None,
}


class PreviewItemReply(Reply):
    """What one clean-up would remove now."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.ChoiceField(choices=["rows", "files", "tables"])
    count = serializers.IntegerField()
    bytes = serializers.IntegerField()
    total = serializers.IntegerField()
    older_than = serializers.DateTimeField()
    least_hours = serializers.IntegerField()
    guarded = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    columns = serializers.ListField(child=serializers.CharField())
    sample = serializers.ListField(child=serializers.ListField(child=serializers.JSONField()))
    example = _ITEM


class CleanupPreviewReply(Reply):
    """What a kind of clean-ups would remove now, and the token that confirms just that for half an hour."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    items = PreviewItemReply(many=True)
    confirm = serializers.CharField(allow_null=True)
    token = serializers.CharField()
    example = {
        "name": "temp-files",
        "label": "Temporary files",
        "items": [_ITEM],
        "confirm": None,
        "token": "eyJuYW1lIjoidGVtcC1maWxlcyJ9:1vX:abc",
    }


class CleanupBody(Body):
    """How a run is confirmed: by the token of a preview, or by writing the name of the kind."""

    older_than_hours = serializers.IntegerField(required=False, min_value=0, max_value=LONGEST_HOURS)
    token = serializers.CharField(required=False, max_length=10_000)
    confirm = serializers.CharField(required=False, max_length=60)
    example = {"older_than_hours": 24, "confirm": "temp-files"}


class CleanupOutcomeReply(Reply):
    """What came of one clean-up in a run."""

    cleanup = serializers.CharField()
    unit = serializers.CharField()
    deleted = serializers.IntegerField()
    bytes = serializers.IntegerField()
    bytes_returned = serializers.IntegerField()
    busy_ms = serializers.IntegerField()
    left = serializers.IntegerField()
    skipped = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    example = _OUTCOME


class CleanupRunReply(Reply):
    """A run of clean-ups."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in JobRun.State])
    started_by = serializers.CharField()
    queued_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    outcomes = CleanupOutcomeReply(many=True)
    example = {
        "id": RUN_EXAMPLE["id"],
        "title": "Clean-up: Temporary files",
        "state": "succeeded",
        "started_by": "the schedule",
        "queued_at": RUN_EXAMPLE["queued_at"],
        "finished_at": RUN_EXAMPLE["finished_at"],
        "outcomes": [_OUTCOME],
    }


class DeletedDayReply(Reply):
    """What went on a day."""

    day = serializers.DateField()
    deleted = serializers.IntegerField()
    example = {"day": "2026-01-31", "deleted": 1204}


class TableSizeReply(Reply):
    """A table with its rows (the planner's estimate) and its bytes with indexes."""

    name = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField()
    example = {"name": "audit_event", "rows": 120_400, "bytes": 88_113_152}


class DatabaseDayReply(Reply):
    """The size of the database on a day."""

    day = serializers.DateField()
    bytes = serializers.IntegerField()
    example = {"day": "2026-01-31", "bytes": 210_002_944}


class CleanupStatsReply(Reply):
    """Numbers about clean-ups: the last 30 days, what is past its time, and sizes."""

    runs = serializers.IntegerField()
    failed = serializers.IntegerField()
    deleted = serializers.IntegerField()
    bytes = serializers.IntegerField()
    bytes_returned = serializers.IntegerField()
    busy_ms = serializers.IntegerField()
    old = serializers.DictField(child=serializers.IntegerField())
    temp_files = serializers.DictField(child=serializers.IntegerField())
    deleted_by_day = DeletedDayReply(many=True)
    tables = TableSizeReply(many=True)
    database_by_day = DatabaseDayReply(many=True)
    example = {
        "runs": 60,
        "failed": 0,
        "deleted": 120_400,
        "bytes": 31_200_000,
        "bytes_returned": 52_310,
        "busy_ms": 4100,
        "old": {"temp-files": 3, "expired-sessions": 12},
        "temp_files": {"< 10 kB": 12},
        "deleted_by_day": [DeletedDayReply.example],
        "tables": [TableSizeReply.example],
        "database_by_day": [DatabaseDayReply.example],
    }


def preview_body(found: cleaning.Overview) -> dict[str, Any]:
    """The previews of a kind."""
    return {
        "name": found.name,
        "label": str(found.label),
        "items": [_item(one) for one in found.previews],
        "confirm": found.word or None,
        "token": found.token,
    }


def _item(one: cleaning.Preview) -> dict[str, Any]:
    return {
        "name": one.cleanup.name,
        "label": str(one.cleanup.label),
        "unit": one.unit,
        "count": one.count,
        "bytes": one.size,
        "total": one.found.total,
        "older_than": one.cutoff,
        "least_hours": least_hours(one.cleanup),
        "guarded": one.guarded,
        "note": one.found.note,
        "columns": [str(label) for label in one.found.columns],
        "sample": one.sample,
    }


def cleanup_run_body(run: JobRun) -> dict[str, Any]:
    """A run of clean-ups in the history."""
    row = history_row(run)
    return {
        "id": run.pk,
        "title": row.title,
        "state": run.state,
        "started_by": row.started_by,
        "queued_at": run.queued_at,
        "finished_at": run.finished_at,
        "outcomes": [_outcome(outcome) for outcome in outcomes(run) if outcome.result is not None],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result or {}
    return {
        "cleanup": outcome.cleanup,
        "unit": str(result.get("unit", "rows")),
        "deleted": int(result.get("deleted", 0)),
        "bytes": int(result.get("bytes", 0)),
        "bytes_returned": int(result.get("returned", 0)),
        "busy_ms": round(result.get("busy_ms", 0)),
        "left": int(result.get("left", 0)),
        "skipped": bool(result.get("skipped")),
        "error": result.get("error") or None,
    }


def table_body(table: TableSize) -> dict[str, Any]:
    """A table's size."""
    return {"name": table.name, "rows": table.rows, "bytes": table.bytes}
