"""Routes of upkeep."""

from django.urls import path

from maintenance import views

app_name = "maintenance"
urlpatterns = [
    path("platform/jobs", views.JobList.as_view(), name="jobs"),
    path("platform/jobs/<uuid:run_id>", views.JobDetail.as_view(), name="job"),
    path("platform/jobs/<uuid:run_id>/live", views.JobLive.as_view(), name="job_live"),
    path("platform/jobs/<uuid:run_id>/cancel", views.JobCancel.as_view(), name="job_cancel"),
    path("platform/jobs/<uuid:run_id>/retry", views.JobRetry.as_view(), name="job_retry"),
    path("platform/cleanups", views.CleanupList.as_view(), name="cleanups"),
    path("platform/cleanups/<str:name>", views.CleanupPreview.as_view(), name="cleanup"),
    path("platform/schedules", views.ScheduleList.as_view(), name="schedules"),
    path("platform/schedules/<str:name>/switch", views.ScheduleSwitch.as_view(), name="schedule_switch"),
]
