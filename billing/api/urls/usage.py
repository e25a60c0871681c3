"""Addresses of billing in the API: use and what a plan entitles to."""

from django.urls import path

from billing.api import usage as views

urlpatterns = [
    path("usage/events", views.UsageEventsView.as_view(), name="api_usage_events"),
    path("usage/quotas", views.QuotasView.as_view(), name="api_usage_quotas"),
    path("usage/days", views.UsageDaysView.as_view(), name="api_usage_days"),
    path("entitlements/check", views.EntitlementCheckView.as_view(), name="api_entitlements_check"),
    path("entitlements/batch-check", views.EntitlementBatchView.as_view(), name="api_entitlements_batch_check"),
]
