"""Bodies of schedules."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from maintenance.api.serializers import EXAMPLE
from maintenance.models import ScheduleState
from maintenance.models.schedules import LONGEST_KEEP, LONGEST_WINDOW
from maintenance.presenters.cron_words import cron_words
from maintenance.selectors.schedules import ScheduleRow, next_runs_of
from portal.kit.api import Body, Reply

_SETTINGS: dict[str, Any] = {
    "cron": "30 3 * * *",
    "time_zone": "Europe/Vienna",
    "enabled": True,
    "keep_hours": None,
    "overlap": "skip",
    "catch_up": "latest",
    "catch_up_minutes": 1440,
    "notify": "failure",
}


class LastRunReply(Reply):
    """The newest run of a schedule."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)


class PauseReply(Reply):
    """Since when, by whom and why a schedule rests."""

    at = serializers.DateTimeField()
    by = serializers.CharField()
    reason = serializers.CharField()


class MissedReply(Reply):
    """The newest slot that had no run, and why."""

    slot = serializers.DateTimeField()
    why = serializers.ChoiceField(choices=ScheduleState.Missed.values)


class ScheduleReply(Reply):
    """A job that starts by itself. `next_runs` is null in a list; `fault` says why one cannot run any more."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    words = serializers.CharField()
    cron = serializers.CharField()
    time_zone = serializers.CharField()
    enabled = serializers.BooleanField()
    keep_hours = serializers.IntegerField(allow_null=True)
    overlap = serializers.ChoiceField(choices=ScheduleState.Overlap.values)
    catch_up = serializers.ChoiceField(choices=ScheduleState.CatchUp.values)
    catch_up_minutes = serializers.IntegerField()
    notify = serializers.ChoiceField(choices=ScheduleState.Notify.values)
    notify_people = serializers.ListField(child=serializers.UUIDField())
    set_here = serializers.ListField(child=serializers.CharField())
    paused = PauseReply(allow_null=True)
    fault = serializers.CharField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True)
    next_runs = serializers.ListField(child=serializers.DateTimeField(), allow_null=True)
    last_run = LastRunReply(allow_null=True)
    last_missed = MissedReply(allow_null=True)
    example = {
        "name": "accounts.expired_sessions",
        "label": "Expired sessions",
        "words": "Every night at 03:30",
        **_SETTINGS,
        "notify_people": ["01890000-0000-7000-8000-000000000002"],
        "set_here": ["time_zone"],
        "paused": None,
        "fault": None,
        "next_at": "2026-02-01T02:30:00Z",
        "next_runs": ["2026-02-01T02:30:00Z", "2026-02-02T02:30:00Z"],
        "last_run": {"id": EXAMPLE["id"], "state": "succeeded", "finished_at": EXAMPLE["finished_at"]},
        "last_missed": None,
    }


class ScheduleBody(Body):
    """What can be set on a schedule."""

    enabled = serializers.BooleanField()
    cron = serializers.CharField(max_length=100)
    time_zone = serializers.CharField(max_length=60)
    keep_hours = serializers.IntegerField(allow_null=True, min_value=1, max_value=LONGEST_KEEP)
    overlap = serializers.ChoiceField(choices=ScheduleState.Overlap.values)
    catch_up = serializers.ChoiceField(choices=ScheduleState.CatchUp.values)
    catch_up_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_WINDOW)
    notify = serializers.ChoiceField(choices=ScheduleState.Notify.values)
    paused = serializers.BooleanField()
    pause_reason = serializers.CharField(max_length=300, allow_blank=True)
    example = {**_SETTINGS, "paused": False, "pause_reason": ""}


class NextRunReply(Reply):
    """A time at which a line would run, in UTC and as the clocks of its zone show it."""

    at = serializers.DateTimeField()
    local = serializers.CharField()


class PreviewReply(Reply):
    """What a cron line means; `reason` says why it cannot be used, and is null when it can."""

    cron = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    words = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    next_runs = NextRunReply(many=True)
    example = {
        "cron": "30 3 * * *",
        "time_zone": "Europe/Vienna",
        "words": "Every night at 03:30",
        "reason": None,
        "next_runs": [{"at": "2026-02-01T02:30:00Z", "local": "Sun 1 Feb 2026, 03:30 (UTC+01:00)"}],
    }


def schedule_body(row: ScheduleRow) -> dict[str, Any]:
    """A schedule with what comes next and what came last."""
    last, state = row.last_run, row.state
    missed = {"slot": state.missed_slot, "why": state.missed_why} if state.missed_slot else None
    paused = {"at": state.paused_at, "by": state.paused_by, "reason": state.pause_reason} if state.paused_at else None
    return {
        "name": state.name,
        "label": row.label,
        "words": cron_words(state.cron),
        **{name: getattr(state, name) for name in _SETTINGS},
        "notify_people": state.notify_people,
        "set_here": state.own,
        "paused": paused,
        "fault": state.fault or None,
        "next_at": row.next_at,
        "next_runs": None,
        "last_run": None if last is None else {"id": last.pk, "state": last.state, "finished_at": last.finished_at},
        "last_missed": missed,
    }


def schedule_with_runs_body(row: ScheduleRow) -> dict[str, Any]:
    """One schedule with its next runs."""
    return schedule_body(row) | {"next_runs": next_runs_of(row.state)}


def preview_body(line: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What a line means."""
    return {
        "cron": line,
        "time_zone": found["zone"],
        "words": found["words"] or None,
        "reason": found["reason"] or None,
        "next_runs": [{"at": run["at"], "local": run["text"]} for run in found["runs"]],
    }
