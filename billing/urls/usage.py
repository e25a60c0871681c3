"""Addresses of billing: use and what a plan entitles to."""

from django.urls import path

from billing.views import usage as views

urlpatterns = [
    path("o/<slug:slug>/billing/usage", views.OwnUsageView.as_view(), name="own_usage"),
    path("platform/usage", views.UsageView.as_view(), name="usage"),
]
