"""Bodies of runs."""

from typing import Any

from rest_framework import serializers

from maintenance.models import JobRun
from maintenance.presenters.runs import title_of
from portal.kit.api import Reply

_TIMES = ("run_at", "queued_at", "started_at", "finished_at")
EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000a1",
    "name": "maintenance.run_cleanup",
    "title": "Clean-up: Expired sessions",
    "state": "succeeded",
    "phase": "",
    "done": 1204,
    "total": 1204,
    "attempts": 1,
    "started_by": {"kind": "person", "id": "01890000-0000-7000-8000-000000000002", "label": "Bruno Novak"},
    "organisation_id": None,
    "schedule": None,
    "error": None,
    "error_id": None,
    "run_at": "2026-01-31T02:30:00Z",
    "queued_at": "2026-01-31T02:30:00Z",
    "started_at": "2026-01-31T02:30:01Z",
    "finished_at": "2026-01-31T02:30:04Z",
}


class StarterReply(Reply):
    """Who started it, and with whose rights it acts."""

    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


class RunReply(Reply):
    """A run of a job."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in JobRun.State])
    phase = serializers.CharField(allow_blank=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField()
    started_by = StarterReply()
    organisation_id = serializers.UUIDField(allow_null=True)
    schedule = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    error_id = serializers.CharField(allow_null=True)
    run_at = serializers.DateTimeField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    example = EXAMPLE


class LogLineReply(Reply):
    """A line of a run's log."""

    at = serializers.CharField()
    text = serializers.CharField(allow_blank=True)


class RunWithLogReply(RunReply):
    """One run with what it was asked, what came of it and its newest log lines."""

    args = serializers.DictField()
    result = serializers.DictField(allow_null=True)
    log = LogLineReply(many=True)
    example = {
        **EXAMPLE,
        "args": {"cleanup": "accounts.expired_sessions"},
        "result": {"deleted": 1204},
        "log": [{"at": "2026-01-31T02:30:04+00:00", "text": "1204 rows deleted"}],
    }


def run_body(run: JobRun) -> dict[str, Any]:
    """A run in a list."""
    body: dict[str, Any] = {
        "id": run.pk,
        "name": run.name,
        "title": title_of(run),
        "state": run.state,
        "phase": run.phase,
        "done": run.done,
        "total": run.total,
        "attempts": run.attempts,
        "started_by": {"kind": run.actor_kind, "id": run.actor_id, "label": run.actor_label},
        "organisation_id": run.organisation_id,
        "schedule": run.schedule or None,
        "error": run.error or None,
        "error_id": run.error_id or None,
    }
    return body | {name: getattr(run, name) for name in _TIMES}


def run_with_log_body(run: JobRun) -> dict[str, Any]:
    """One run."""
    log = [{"at": moment, "text": line} for moment, line in run.log]
    return run_body(run) | {"args": run.args, "result": run.result, "log": log}
