"""Upkeep in the Django admin: every column, to read."""

from django.contrib import admin

from maintenance.models import Backup, Drill, Heartbeat, JobRun, NightReport, Restore, ScheduleState, SizeSample
from portal.kit.admin import ServiceAdmin


@admin.register(JobRun)
class JobRunAdmin(ServiceAdmin):
    """Runs with what the job page does not show."""

    access = "job:read"
    fields = (
        *("id", "name", "state", "args", "key", "actor_kind", "actor_id", "actor_label", "organisation_id"),
        *(
            "request_id",
            "correlation_id",
            "schedule",
            "slot",
            "parent_id",
            "run_at",
            "queued_at",
            "published_at",
            "started_at",
        ),
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
    fields = (
        *("name", "enabled", "cron", "time_zone", "keep_hours", "overlap", "catch_up", "catch_up_minutes", "notify"),
        *("notify_people", "own", "paused_at", "paused_by", "pause_reason", "fault", "version", "last_slot"),
        *("missed_slot", "missed_why", "audit_id"),
    )
    list_display = ("name", "enabled", "cron", "time_zone", "last_slot")
    list_filter = ("enabled",)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(NightReport)
class NightReportAdmin(ServiceAdmin):
    """What each night's report holds."""

    access = "schedule:admin"
    fields = (
        *("id", "run_id", "origin", "starts_at", "ends_at", "succeeded", "failed", "missed", "running", "idle"),
        *("busy_ms", "rows", "bytes", "told", "items"),
    )
    list_display = ("ends_at", "origin", "succeeded", "failed", "missed", "told")
    list_filter = ("origin",)
    search_fields = ("id", "run_id")


@admin.register(Heartbeat)
class HeartbeatAdmin(ServiceAdmin):
    """Workers and beats, and when each was last heard of."""

    access = "job:read"
    fields = ("name", "kind", "started_at", "seen_at")
    list_display = ("name", "kind", "started_at", "seen_at")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(SizeSample)
class SizeSampleAdmin(ServiceAdmin):
    """How large each table was, day by day."""

    access = "cleanup:execute"
    fields = ("id", "day", "table", "rows", "bytes")
    list_display = ("day", "table", "rows", "bytes")
    search_fields = ("id", "table")


@admin.register(Backup)
class BackupAdmin(ServiceAdmin):
    """The catalogue of backups with what its page does not show."""

    access = "backup:execute"
    fields = (
        *("id", "state", "kind", "act", "started_by", "run_id", "started_at", "taken_at", "finished_at", "seconds"),
        *("stored_bytes", "plain_bytes", "rows", "key_id", "targets", "missed", "error", "verified_at"),
        *("verified_bytes", "verify_seconds", "damaged_at", "damage", "pinned_at", "pinned_by", "pinned_until"),
        *("pinned_why", "kept_as", "deleted_at"),
    )
    list_display = ("started_at", "state", "kind", "stored_bytes", "verified_at")
    list_filter = ("state", "kind")
    search_fields = ("id",)


@admin.register(Restore)
class RestoreAdmin(ServiceAdmin):
    """Restores with what their page does not show."""

    access = "backup:restore"
    fields = (
        *("id", "state", "mode", "backup_id", "taken_at", "database", "old_database", "keep_until", "safety_backup_id"),
        *("run_id", "process", "actor_label", "started_at", "finished_at", "steps", "checks", "kept", "tables", "rows"),
        *("bytes", "seconds", "error"),
    )
    list_display = ("started_at", "state", "mode", "database", "seconds")
    list_filter = ("state", "mode")
    search_fields = ("id",)


@admin.register(Drill)
class DrillAdmin(ServiceAdmin):
    """Drills with what their page does not show."""

    access = "backup:restore"
    fields = (
        *("id", "state", "backup_id", "taken_at", "database", "run_id", "process", "started_at", "finished_at"),
        *("steps", "checks", "tables", "rows", "bytes", "seconds", "error"),
    )
    list_display = ("started_at", "state", "rows", "bytes", "seconds")
    list_filter = ("state",)
    search_fields = ("id",)
