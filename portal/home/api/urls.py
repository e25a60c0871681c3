"""Routes of the description of the API, below /api/v1/."""

from django.urls import path

from portal.home.api import announcements, kpis, maintenance, notifications, outbox, search, views

app_name = "api_reference"
urlpatterns = [
    path("schema", views.SchemaView.as_view(), name="schema"),
    path("docs", views.DocsView.as_view(), name="docs"),
    path("admin/maintenance", maintenance.WindowsView.as_view(), name="maintenance"),
    path("admin/maintenance/<uuid:window_id>", maintenance.WindowView.as_view(), name="maintenance_window"),
    path("admin/maintenance/<uuid:window_id>/end", maintenance.WindowEndView.as_view(), name="maintenance_end"),
    path("announcements", announcements.AnnouncementsView.as_view(), name="announcements"),
    path("announcements/<uuid:announcement_id>", announcements.AnnouncementView.as_view(), name="announcement"),
    path("admin/outbox", outbox.MailsView.as_view(), name="outbox"),
    path("admin/outbox/<uuid:mail_id>", outbox.MailView.as_view(), name="outbox_mail"),
    path("admin/outbox/<uuid:mail_id>/resend", outbox.MailResendView.as_view(), name="outbox_resend"),
    path("kpis", kpis.KpisView.as_view(), name="kpis"),
    path("kpis/cohorts", kpis.CohortsView.as_view(), name="kpi_cohorts"),
    path("kpis/<slug:code>", kpis.KpiView.as_view(), name="kpi"),
    path("search", search.SearchView.as_view(), name="search"),
    path("users/me/notifications", notifications.NotificationsView.as_view(), name="notifications"),
]
