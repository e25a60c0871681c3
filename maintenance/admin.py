"""Runs in the Django admin: every column, to read."""

from django.contrib import admin

from maintenance.models import JobRun
from portal.kit.admin import ServiceAdmin


@admin.register(JobRun)
class JobRunAdmin(ServiceAdmin):
    """Runs with what the job page does not show."""

    access = "job:read"
    list_display = ("name", "state", "attempts", "worker", "queued_at", "finished_at")
    list_filter = ("state",)
    search_fields = ("name",)
    show_full_result_count = False
