"""Endpoints of the record, below /api/v1/."""

from django.urls import path

from audit.api import views

app_name = "audit_api"
urlpatterns = [
    path("audit/events", views.EventListView.as_view(), name="events"),
    path("audit/events/<uuid:event_id>", views.EventDetailView.as_view(), name="event"),
    # The same under the names that host products know.
    path("admin/activity-logs", views.EventListView.as_view(), name="activity_logs"),
    path("admin/activity-logs/<uuid:user_id>", views.ActivityView.as_view(), name="activity_of"),
]
