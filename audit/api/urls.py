"""Endpoints of the record, below /api/v1/."""

from django.urls import path

from audit.api import activity, views

app_name = "audit_api"
urlpatterns = [
    path("audit/events", views.EventListView.as_view(), name="events"),
    path("audit/events/<uuid:event_id>", views.EventDetailView.as_view(), name="event"),
    path("admin/activity-logs", activity.ActivityListView.as_view(), name="activity_logs"),
    path("admin/activity-logs/<uuid:user_id>", activity.ActivityOfView.as_view(), name="activity_of"),
]
