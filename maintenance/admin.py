"""Upkeep in the Django admin: every column, to read."""

from django.contrib import admin

from maintenance.models import Heartbeat, JobRun, ScheduleState
from portal.kit.admin import ServiceAdmin


@admin.register(JobRun)
class JobRunAdmin(ServiceAdmin):
    """Runs with what the job page does not show."""

    access = "job:read"
    fields = (
        *("id", "name", "state", "args", "key", "actor_kind", "actor_id", "actor_label", "organisation_id"),
        *("request_id", "correlation_id", "schedule", "slot", "run_at", "queued_at", "published_at", "started_at"),
        *("finished_at", "worker", "fence", "lease_until", "attempts", "max_attempts", "phase", "done", "total"),
        *("cursor", "result", "error", "error_id"),
    )
    list_display = ("name", "state", "attempts", "worker", "queued_at", "finished_at")
    list_filter = ("state",)
    search_fields = ("id", "name")


@admin.register(ScheduleState)
class ScheduleStateAdmin(ServiceAdmin):
    """What each schedule is set to and how far it has come."""

    access = "schedule:admin"
    fields = ("name", "enabled", "cron", "time_zone", "last_slot")
    list_display = ("name", "enabled", "cron", "time_zone", "last_slot")
    list_filter = ("enabled",)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ServiceAdmin):
    """Workers and beats, and when each was last heard of."""

    access = "job:read"
    fields = ("name", "kind", "started_at", "seen_at")
    list_display = ("name", "kind", "started_at", "seen_at")
    search_fields = ("name",)
    ordering = ("name",)
