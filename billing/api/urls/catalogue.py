"""Addresses of billing: what is sold."""

from django.urls import URLPattern, path

from billing.api import catalogue, plan_drafts
from billing.api import catalogue_things as things

PLAN = "plans/<uuid:plan_id>"
urlpatterns: list[URLPattern] = [
    path("offers", catalogue.OffersView.as_view(), name="api_offers"),
    path("plans", catalogue.PlansView.as_view(), name="api_plans"),
    path("plans/order", plan_drafts.PlanOrderView.as_view(), name="api_plan_order"),
    path(PLAN, catalogue.PlanView.as_view(), name="api_plan"),
    path(f"{PLAN}/versions", catalogue.PlanVersionsView.as_view(), name="api_plan_versions"),
    path(f"{PLAN}/draft", plan_drafts.PlanDraftView.as_view(), name="api_plan_draft"),
    path(f"{PLAN}/draft/publish", plan_drafts.PlanDraftPublishView.as_view(), name="api_plan_publish"),
    path("products", things.ProductsView.as_view(), name="api_products"),
    path("products/<uuid:product_id>", things.ProductView.as_view(), name="api_product"),
    path("meters", things.MetersView.as_view(), name="api_meters"),
    path("meters/<uuid:meter_id>", things.MeterView.as_view(), name="api_meter"),
    path("features", things.FeaturesView.as_view(), name="api_features"),
    path("features/<uuid:feature_id>", things.FeatureView.as_view(), name="api_feature"),
    path("coupons", things.CouponsView.as_view(), name="api_coupons"),
    path("coupons/<uuid:coupon_id>", things.CouponView.as_view(), name="api_coupon"),
]
