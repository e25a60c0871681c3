"""Routes of the description of the API, below /api/v1/."""

from django.urls import path

from portal.home.api import (
    announcements,
    dashboards,
    kpis,
    maintenance,
    notices,
    notifications,
    outbox,
    saved_views,
    search,
    settings,
    views,
)

app_name = "api_reference"
_DASHBOARD = "dashboards/<uuid:dashboard_id>"
urlpatterns = [
    path("schema", views.SchemaView.as_view(), name="schema"),
    path("docs", views.DocsView.as_view(), name="docs"),
    path("admin/maintenance", maintenance.WindowsView.as_view(), name="maintenance"),
    path("admin/maintenance/<uuid:window_id>", maintenance.WindowView.as_view(), name="maintenance_window"),
    path("admin/maintenance/<uuid:window_id>/end", maintenance.WindowEndView.as_view(), name="maintenance_end"),
    path("admin/settings", settings.SettingsView.as_view(), name="settings"),
    path("admin/settings/<str:code>", settings.SettingView.as_view(), name="setting"),
    path("admin/settings/<str:code>/history", settings.HistoryView.as_view(), name="setting_history"),
    path("admin/settings/<str:code>/revert", settings.RevertView.as_view(), name="setting_revert"),
    path("announcements", announcements.AnnouncementsView.as_view(), name="announcements"),
    path("announcements/<uuid:announcement_id>", announcements.AnnouncementView.as_view(), name="announcement"),
    path("admin/outbox", outbox.MailsView.as_view(), name="outbox"),
    path("admin/outbox/<uuid:mail_id>", outbox.MailView.as_view(), name="outbox_mail"),
    path("admin/outbox/<uuid:mail_id>/resend", outbox.MailResendView.as_view(), name="outbox_resend"),
    path("dashboards", dashboards.DashboardsView.as_view(), name="dashboards"),
    path(_DASHBOARD, dashboards.DashboardView.as_view(), name="dashboard"),
    path(f"{_DASHBOARD}/clone", dashboards.DashboardCloneView.as_view(), name="dashboard_clone"),
    path(f"{_DASHBOARD}/versions", dashboards.DashboardVersionsView.as_view(), name="dashboard_versions"),
    path(f"{_DASHBOARD}/revert", dashboards.DashboardRevertView.as_view(), name="dashboard_revert"),
    path(f"{_DASHBOARD}/widgets/<int:item>", dashboards.DashboardWidgetView.as_view(), name="dashboard_widget"),
    path("kpis", kpis.KpisView.as_view(), name="kpis"),
    path("kpis/cohorts", kpis.CohortsView.as_view(), name="kpi_cohorts"),
    path("kpis/<slug:code>", kpis.KpiView.as_view(), name="kpi"),
    path("search", search.SearchView.as_view(), name="search"),
    path("lists/<str:name>/views", saved_views.SavedViewsView.as_view(), name="saved_views"),
    path("lists/<str:name>/views/<uuid:view_id>", saved_views.SavedViewView.as_view(), name="saved_view"),
    path("lists/<str:name>/views/<uuid:view_id>/role", saved_views.FirstViewView.as_view(), name="saved_view_role"),
    path("users/me/home", dashboards.HomeView.as_view(), name="own_home"),
    path("users/me/notices", notices.NoticesView.as_view(), name="notices"),
    path("users/me/notices/read", notices.NoticesReadView.as_view(), name="notices_read"),
    path("users/me/notices/<uuid:notice_id>/read", notices.NoticeReadView.as_view(), name="notice_read"),
    path("users/me/notifications", notifications.NotificationsView.as_view(), name="notifications"),
]
