"""Routes of upkeep below /api/v1/."""

from django.urls import path

from maintenance.api import jobs, schedules

app_name = "maintenance_api"
urlpatterns = [
    path("jobs", jobs.JobsView.as_view(), name="jobs"),
    path("jobs/<uuid:run_id>", jobs.JobView.as_view(), name="job"),
    path("jobs/<uuid:run_id>/cancel", jobs.JobCancelView.as_view(), name="job_cancel"),
    path("jobs/<uuid:run_id>/retry", jobs.JobRetryView.as_view(), name="job_retry"),
    path("schedules", schedules.SchedulesView.as_view(), name="schedules"),
    path("schedules/<str:name>", schedules.ScheduleView.as_view(), name="schedule"),
]
