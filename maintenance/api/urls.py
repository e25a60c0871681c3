"""Routes of upkeep below /api/v1/."""

from django.urls import path

from maintenance.api import views

app_name = "maintenance_api"
urlpatterns = [
    path("jobs", views.JobsView.as_view(), name="jobs"),
    path("jobs/<uuid:run_id>", views.JobView.as_view(), name="job"),
    path("jobs/<uuid:run_id>/cancel", views.JobCancelView.as_view(), name="job_cancel"),
    path("jobs/<uuid:run_id>/retry", views.JobRetryView.as_view(), name="job_retry"),
    path("schedules", views.SchedulesView.as_view(), name="schedules"),
    path("schedules/<str:name>", views.ScheduleView.as_view(), name="schedule"),
]
