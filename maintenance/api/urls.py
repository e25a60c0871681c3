"""Routes of upkeep below /api/v1/."""

from django.urls import path

from maintenance import cleaning
from maintenance.api import backups, cleanups, jobs, nights, restores, schedules, system

app_name = "maintenance_api"
urlpatterns = [
    path("admin/system", system.SystemView.as_view(), name="system"),
    path("admin/configuration", system.ConfigurationView.as_view(), name="configuration"),
    path("logs", system.LogsView.as_view(), name="logs"),
    path("jobs", jobs.JobsView.as_view(), name="jobs"),
    path("jobs/<uuid:run_id>", jobs.JobView.as_view(), name="job"),
    path("jobs/<uuid:run_id>/cancel", jobs.JobCancelView.as_view(), name="job_cancel"),
    path("jobs/<uuid:run_id>/retry", jobs.JobRetryView.as_view(), name="job_retry"),
    path("schedules", schedules.SchedulesView.as_view(), name="schedules"),
    path("schedules/preview", schedules.SchedulePreviewView.as_view(), name="schedule_preview"),
    path("schedules/<str:name>", schedules.ScheduleView.as_view(), name="schedule"),
    path("admin/cleanup/stats", cleanups.CleanupStatsView.as_view(), name="cleanup_stats"),
    path("admin/cleanup/history", cleanups.CleanupHistoryView.as_view(), name="cleanup_history"),
    path("admin/cleanup/history/report", cleanups.CleanupHistoryFileView.as_view(), name="cleanup_history_file"),
    path(
        "admin/cleanup/history/<uuid:run_id>/report",
        cleanups.CleanupRunFileView.as_view(),
        name="cleanup_run_file",
    ),
    path("admin/cleanup/schedule", cleanups.CleanupScheduleView.as_view(), name="cleanup_schedule"),
    *(
        path(f"admin/cleanup/{kind}", cleanups.CleanupView.as_view(kind=kind), name=f"cleanup_{kind}")
        for kind in (*cleaning.CATEGORIES, cleaning.EVERYTHING)
    ),
    path("schedules/<str:name>/run", schedules.ScheduleRunView.as_view(), name="schedule_run"),
    path("schedules/<str:name>/reset", schedules.ScheduleResetView.as_view(), name="schedule_reset"),
    path("admin/nights", nights.NightsView.as_view(), name="nights"),
    path("admin/nights/<uuid:report_id>", nights.NightView.as_view(), name="night"),
    path("admin/backups", backups.BackupsView.as_view(), name="backups"),
    path("admin/backups/<uuid:backup_id>", backups.BackupView.as_view(), name="backup"),
    path("admin/backups/<uuid:backup_id>/verify", backups.BackupVerifyView.as_view(), name="backup_verify"),
    path("admin/backups/<uuid:backup_id>/pin", backups.BackupPinView.as_view(), name="backup_pin"),
    path("admin/drills", restores.DrillsView.as_view(), name="drills"),
    path("admin/drills/<uuid:drill_id>", restores.DrillView.as_view(), name="drill"),
    path("admin/restores", restores.RestoresView.as_view(), name="restores"),
    path("admin/restores/<uuid:restore_id>", restores.RestoreView.as_view(), name="restore"),
    path("admin/restores/<uuid:restore_id>/place", restores.RestorePlaceView.as_view(), name="restore_place"),
    path("admin/restores/<uuid:restore_id>/back", restores.RestoreBackView.as_view(), name="restore_back"),
    path("admin/databases", restores.DatabasesView.as_view(), name="databases"),
    path("admin/databases/<str:name>", restores.DatabaseView.as_view(), name="database"),
]
