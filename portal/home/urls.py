"""Routes of the roof."""

from django.urls import path

from portal.home import views

app_name = "home"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health", views.Health.as_view(), name="health"),
    path("platform/outbox", views.Outbox.as_view(), name="outbox"),
    path("platform/outbox/<uuid:message_id>", views.OutboxMessage.as_view(), name="outbox_message"),
    path("platform/components", views.Components.as_view(), name="components"),
    path("platform/components/part", views.ComponentsPart.as_view(), name="components_part"),
    path("me/notifications", views.Notices.as_view(), name="notices"),
    path("me/notifications/newest", views.NoticesNewest.as_view(), name="notices_newest"),
    path("me/notifications/count", views.NoticesCount.as_view(), name="notices_count"),
    path("me/notifications/read", views.NoticesRead.as_view(), name="notices_read"),
    path("me/notifications/<uuid:notice_id>/read", views.NoticeRead.as_view(), name="notice_read"),
]
