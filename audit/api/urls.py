"""Endpoints of the record, below /api/v1/."""

from django.urls import path

from audit.api import activity, exports, views

app_name = "audit_api"
urlpatterns = [
    path("audit/events", views.EventListView.as_view(), name="events"),
    path("audit/events/<uuid:event_id>", views.EventDetailView.as_view(), name="event"),
    path("audit/exports", exports.ExportsView.as_view(), name="exports"),
    path("audit/exports/<uuid:export_id>", exports.ExportView.as_view(), name="export"),
    path("audit/exports/<uuid:export_id>/cancel", exports.ExportCancelView.as_view(), name="export_cancel"),
    path("audit/exports/<uuid:export_id>/file", exports.ExportFileView.as_view(), name="export_file"),
    path("admin/activity-logs", activity.ActivityListView.as_view(), name="activity_logs"),
    path("admin/activity-logs/<uuid:user_id>", activity.ActivityOfView.as_view(), name="activity_of"),
]
