"""Routes of the roof."""

from django.urls import path

from portal.home import views

app_name = "home"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health", views.Health.as_view(), name="health"),
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
]
