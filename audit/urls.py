"""Pages of the record: the platform's, and the same of each organisation."""

from django.urls import path

from audit import views

app_name = "audit"
_PAGES = (
    ("audit", views.TimelineView, "timeline"),
    ("audit/table", views.TableView, "table"),
    ("audit/tail", views.TailView, "tail"),
    ("audit/saved", views.SavedView, "saved"),
    ("audit/exports", views.ExportsView, "exports"),
    ("audit/exports/<uuid:export_id>", views.ExportView, "export"),
    ("audit/exports/<uuid:export_id>/cancel", views.ExportCancelView, "export_cancel"),
    ("audit/exports/<uuid:export_id>/file", views.ExportFileView, "export_file"),
    ("audit/<uuid:event_id>", views.EventView, "event"),
    ("activity", views.ActivityView, "activity"),
    ("activity/<uuid:activity_id>", views.ActivityRequestView, "activity_request"),
)
urlpatterns = [
    *(path(f"platform/{route}", view.as_view(), name=name) for route, view, name in _PAGES),
    *(path(f"o/<slug:slug>/{route}", view.as_view(), name=f"organisation_{name}") for route, view, name in _PAGES),
]
