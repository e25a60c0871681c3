"""Addresses of billing: what is sold."""

from django.urls import URLPattern, path

from billing.api import catalogue

urlpatterns: list[URLPattern] = [
    path("offers", catalogue.OffersView.as_view(), name="api_offers"),
    path("plans", catalogue.PlansView.as_view(), name="api_plans"),
    path("plans/<uuid:plan_id>", catalogue.PlanView.as_view(), name="api_plan"),
    path("plans/<uuid:plan_id>/versions", catalogue.PlanVersionsView.as_view(), name="api_plan_versions"),
]
