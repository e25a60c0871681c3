"""Addresses of billing: events that leave by HTTP."""

from django.urls import path

from billing.views import webhooks as views

_ONE = "o/<slug:slug>/webhooks/<uuid:key>"

urlpatterns = [
    path("o/<slug:slug>/webhooks", views.WebhooksView.as_view(), name="webhooks"),
    path("o/<slug:slug>/webhooks/new", views.WebhookNewView.as_view(), name="webhook_new"),
    path(_ONE, views.WebhookView.as_view(), name="webhook"),
    path(f"{_ONE}/edit", views.WebhookEditView.as_view(), name="webhook_edit"),
    path(f"{_ONE}/rotate", views.WebhookRotateView.as_view(), name="webhook_rotate"),
    path(f"{_ONE}/pause", views.WebhookPauseView.as_view(), name="webhook_pause"),
    path(f"{_ONE}/resume", views.WebhookResumeView.as_view(), name="webhook_resume"),
    path(f"{_ONE}/test", views.WebhookTestView.as_view(), name="webhook_test"),
    path(f"{_ONE}/delete", views.WebhookDeleteView.as_view(), name="webhook_delete"),
    path(f"{_ONE}/deliveries/<uuid:delivery>/resend", views.DeliveryResendView.as_view(), name="delivery_resend"),
]
