"""Bodies of schedules."""

from typing import Any

from rest_framework import serializers

from maintenance.api.serializers import EXAMPLE
from maintenance.selectors.schedules import ScheduleRow
from portal.kit.api import Body, Reply


class LastRunReply(Reply):
    """The newest run of a schedule."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ScheduleReply(Reply):
    """A job that starts by itself."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    cron = serializers.CharField()
    time_zone = serializers.CharField()
    enabled = serializers.BooleanField()
    next_at = serializers.DateTimeField(allow_null=True)
    last_run = LastRunReply(allow_null=True)
    example = {
        "name": "maintenance.nightly_cleanup",
        "label": "Nightly clean-up",
        "cron": "30 3 * * *",
        "time_zone": "Europe/Vienna",
        "enabled": True,
        "next_at": "2026-02-01T02:30:00Z",
        "last_run": {"id": EXAMPLE["id"], "state": "succeeded", "finished_at": EXAMPLE["finished_at"]},
    }


class ScheduleBody(Body):
    """What can be set on a schedule."""

    enabled = serializers.BooleanField()
    example = {"enabled": False}


def schedule_body(row: ScheduleRow) -> dict[str, Any]:
    """A schedule with what comes next and what came last."""
    last = row.last_run
    return {
        "name": row.state.name,
        "label": row.label,
        "cron": row.state.cron,
        "time_zone": row.state.time_zone,
        "enabled": row.state.enabled,
        "next_at": row.next_at,
        "last_run": None if last is None else {"id": last.pk, "state": last.state, "finished_at": last.finished_at},
    }
