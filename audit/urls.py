"""Pages of the record."""

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("platform/audit", views.TimelineView.as_view(), name="timeline"),
    path("platform/audit/<uuid:event_id>", views.EventView.as_view(), name="event"),
]
