"""Routes of the roof."""

from django.urls import URLPattern, path

from portal.home import views

app_name = "home"
_SEARCH = (
    ("search", views.Search, views.OrganisationSearch, "search"),
    ("search/save", views.SearchSave, views.OrganisationSearchSave, "search_save"),
    ("search/forget", views.SearchForget, views.OrganisationSearchForget, "search_forget"),
    ("search/saved/<uuid:search_id>/delete", views.SearchDelete, views.OrganisationSearchDelete, "search_delete"),
    ("search/palette", views.SearchPalette, views.OrganisationSearchPalette, "search_palette"),
    ("search/suggest", views.SearchSuggest, views.OrganisationSearchSuggest, "search_suggest"),
)


def _boards(base: str, prefix: str = "") -> list[URLPattern]:
    """The pages of dashboards, on the installation and, with a prefix of their names, in an organisation."""
    one = f"{base}dashboards/<uuid:dashboard_id>"
    return [
        path(f"{base}dashboards", views.Boards.as_view(), name=f"{prefix}dashboards"),
        path(f"{base}dashboards/live", views.Live.as_view(), name=f"{prefix}live"),
        path(f"{base}dashboards/arrange", views.Arrange.as_view(), name=f"{prefix}arrange"),
        path(f"{base}dashboards/choose", views.Choose.as_view(), name=f"{prefix}choose"),
        path(f"{base}dashboards/steps", views.Steps.as_view(), name=f"{prefix}steps"),
        path(f"{base}dashboards/role/<slug:code>", views.RoleBoard.as_view(), name=f"{prefix}role_dashboard"),
        path(one, views.Board.as_view(), name=f"{prefix}dashboard"),
        path(f"{one}/manage", views.Manage.as_view(), name=f"{prefix}manage"),
        path(f"{one}/revert", views.Revert.as_view(), name=f"{prefix}revert"),
        path(f"{one}/clone", views.Clone.as_view(), name=f"{prefix}clone"),
        path(f"{one}/delete", views.Delete.as_view(), name=f"{prefix}delete"),
    ]


urlpatterns = [
    *(path(f"platform/{route}", view.as_view(), name=name) for route, view, _inside, name in _SEARCH),
    *(
        path(f"o/<slug:slug>/{route}", view.as_view(), name=f"organisation_{name}")
        for route, _outside, view, name in _SEARCH
    ),
    path("", views.Home.as_view(), name="home"),
    path("health", views.Health.as_view(), name="health"),
    path("docs/errors", views.ErrorCodes.as_view(), name="error_codes"),
    path("platform/outbox", views.Outbox.as_view(), name="outbox"),
    path("platform/outbox/suppressed", views.Suppressed.as_view(), name="suppressed"),
    path("platform/outbox/<uuid:message_id>", views.OutboxMessage.as_view(), name="outbox_message"),
    path("platform/outbox/<uuid:message_id>/html", views.OutboxHtml.as_view(), name="outbox_html"),
    path("platform/outbox/<uuid:message_id>/resend", views.OutboxResend.as_view(), name="outbox_resend"),
    path("unsubscribe/<str:token>", views.Unsubscribe.as_view(), name="unsubscribe"),
    path("webhooks/mail/<str:provider>", views.MailReports.as_view(), name="mail_reports"),
    path("platform/maintenance", views.Maintenance.as_view(), name="maintenance"),
    path("platform/maintenance/<uuid:window_id>", views.MaintenanceEdit.as_view(), name="maintenance_edit"),
    path("platform/maintenance/<uuid:window_id>/end", views.MaintenanceEnd.as_view(), name="maintenance_end"),
    path("platform/announcements", views.AnnouncementList.as_view(), name="announcements"),
    path("platform/announcements/new", views.AnnouncementNew.as_view(), name="announcement_new"),
    path("platform/announcements/<uuid:announcement_id>", views.AnnouncementEdit.as_view(), name="announcement_edit"),
    path("platform/announcements/<uuid:announcement_id>/end", views.AnnouncementEnd.as_view(), name="announcement_end"),
    path(
        "me/announcements/<uuid:announcement_id>/dismiss",
        views.AnnouncementDismiss.as_view(),
        name="announcement_dismiss",
    ),
    path("platform/kpis", views.Kpis.as_view(), name="kpis"),
    path("platform/kpis/cohorts", views.KpiCohorts.as_view(), name="kpi_cohorts"),
    path("platform/kpis/<slug:code>", views.KpiPage.as_view(), name="kpi"),
    path("platform/kpis/<slug:code>/<slug:kind>", views.KpiFile.as_view(), name="kpi_file"),
    path("platform/components", views.Components.as_view(), name="components"),
    path("platform/components/part", views.ComponentsPart.as_view(), name="components_part"),
    path("platform/settings", views.Settings.as_view(), name="settings"),
    path("platform/settings/sample-mail", views.SampleMail.as_view(), name="settings_sample_mail"),
    path("platform/settings/<str:code>", views.SettingPage.as_view(), name="setting"),
    path("brand/<str:colour>.css", views.BrandStyle.as_view(), name="brand_style"),
    path("brand/<str:colour>/sample.css", views.BrandSampleStyle.as_view(), name="brand_sample_style"),
    path("brand/logo/<uuid:name>/<str:side>", views.BrandLogo.as_view(), name="brand_logo"),
    path("me/notifications", views.Notices.as_view(), name="notices"),
    path("me/notifications/settings", views.NotificationSettings.as_view(), name="notification_settings"),
    path("me/notifications/newest", views.NoticesNewest.as_view(), name="notices_newest"),
    path("me/notifications/count", views.NoticesCount.as_view(), name="notices_count"),
    path("me/notifications/read", views.NoticesRead.as_view(), name="notices_read"),
    path("me/notifications/<uuid:notice_id>/read", views.NoticeRead.as_view(), name="notice_read"),
    *_boards(""),
    *_boards("o/<slug:slug>/", "inside_"),
]
