"""Addresses of billing in the API: events that leave by HTTP."""

from django.urls import URLPattern, path

from billing.api import webhooks

_ALL = "organisations/<uuid:organisation_id>/webhooks"
_ONE = f"{_ALL}/<uuid:webhook_id>"
_DELIVERY = f"{_ONE}/deliveries/<uuid:delivery_id>"
urlpatterns: list[URLPattern] = [
    path(_ALL, webhooks.WebhooksView.as_view(), name="api_webhooks"),
    path(_ONE, webhooks.WebhookView.as_view(), name="api_webhook"),
    path(f"{_ONE}/pause", webhooks.WebhookPauseView.as_view(), name="api_webhook_pause"),
    path(f"{_ONE}/resume", webhooks.WebhookResumeView.as_view(), name="api_webhook_resume"),
    path(f"{_ONE}/rotate", webhooks.WebhookRotateView.as_view(), name="api_webhook_rotate"),
    path(f"{_ONE}/test", webhooks.WebhookTestView.as_view(), name="api_webhook_test"),
    path(f"{_ONE}/deliveries", webhooks.DeliveriesView.as_view(), name="api_webhook_deliveries"),
    path(_DELIVERY, webhooks.DeliveryView.as_view(), name="api_webhook_delivery"),
    path(f"{_DELIVERY}/resend", webhooks.DeliveryResendView.as_view(), name="api_webhook_delivery_resend"),
]
