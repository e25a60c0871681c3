"""Routes of the roof."""

from django.urls import path

from portal.home import views

app_name = "home"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health", views.Health.as_view(), name="health"),
    path("platform/outbox", views.Outbox.as_view(), name="outbox"),
    path("platform/outbox/<uuid:message_id>", views.OutboxMessage.as_view(), name="outbox_message"),
]
