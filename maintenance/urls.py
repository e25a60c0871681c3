"""Routes of upkeep."""

from django.urls import path

from maintenance.views import cleanups, jobs, schedules

app_name = "maintenance"
urlpatterns = [
    path("platform/jobs", jobs.JobList.as_view(), name="jobs"),
    path("platform/jobs/<uuid:run_id>", jobs.JobDetail.as_view(), name="job"),
    path("platform/jobs/<uuid:run_id>/live", jobs.JobLive.as_view(), name="job_live"),
    path("platform/jobs/<uuid:run_id>/cancel", jobs.JobCancel.as_view(), name="job_cancel"),
    path("platform/jobs/<uuid:run_id>/retry", jobs.JobRetry.as_view(), name="job_retry"),
    path("platform/cleanups", cleanups.CleanupList.as_view(), name="cleanups"),
    path("platform/cleanups/<str:name>", cleanups.CleanupPreview.as_view(), name="cleanup"),
    path("platform/schedules", schedules.ScheduleList.as_view(), name="schedules"),
    path("platform/schedules/<str:name>/switch", schedules.ScheduleSwitch.as_view(), name="schedule_switch"),
]
