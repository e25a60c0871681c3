"""Addresses of billing: what is sold."""

from django.urls import URLPattern, path

from billing.views import catalogue_things as things
from billing.views import plans, versions

PLAN = "platform/plans/<uuid:key>"
PRICE = f"{PLAN}/prices/<str:code>/<str:currency>"
urlpatterns: list[URLPattern] = [
    path("platform/plans", plans.PlansView.as_view(), name="plans"),
    path("platform/plans/new", plans.PlanNewView.as_view(), name="plan_new"),
    path(PLAN, plans.PlanView.as_view(), name="plan"),
    path(f"{PLAN}/edit", plans.PlanEditView.as_view(), name="plan_edit"),
    path(f"{PLAN}/archive", plans.PlanArchiveView.as_view(), name="plan_archive"),
    path(f"{PLAN}/restore", plans.PlanRestoreView.as_view(), name="plan_restore"),
    path(f"{PLAN}/move", plans.PlanMoveView.as_view(), name="plan_move"),
    path(f"{PLAN}/start", versions.VersionStartView.as_view(), name="plan_start"),
    path(f"{PLAN}/publish", versions.VersionPublishView.as_view(), name="plan_publish"),
    path(f"{PLAN}/discard", versions.VersionDiscardView.as_view(), name="plan_discard"),
    path(f"{PLAN}/terms", versions.TermsView.as_view(), name="plan_terms"),
    path(f"{PLAN}/gives", versions.GivesView.as_view(), name="plan_gives"),
    path(f"{PLAN}/prices/new", versions.PriceNewView.as_view(), name="price_new"),
    path(PRICE, versions.PriceEditView.as_view(), name="price"),
    path(f"{PRICE}/remove", versions.PriceRemoveView.as_view(), name="price_remove"),
    path("platform/meters", things.MetersView.as_view(), name="meters"),
    path("platform/meters/new", things.MeterNewView.as_view(), name="meter_new"),
    path("platform/meters/<uuid:key>", things.MeterView.as_view(), name="meter"),
    path("platform/meters/<uuid:key>/edit", things.MeterEditView.as_view(), name="meter_edit"),
    path("platform/meters/<uuid:key>/archive", things.MeterArchiveView.as_view(), name="meter_archive"),
    path("platform/meters/<uuid:key>/restore", things.MeterRestoreView.as_view(), name="meter_restore"),
    path("platform/features", things.FeaturesView.as_view(), name="features"),
    path("platform/features/new", things.FeatureNewView.as_view(), name="feature_new"),
    path("platform/features/<uuid:key>", things.FeatureView.as_view(), name="feature"),
    path("platform/features/<uuid:key>/edit", things.FeatureEditView.as_view(), name="feature_edit"),
    path("platform/features/<uuid:key>/archive", things.FeatureArchiveView.as_view(), name="feature_archive"),
    path("platform/features/<uuid:key>/restore", things.FeatureRestoreView.as_view(), name="feature_restore"),
    path("platform/coupons", things.CouponsView.as_view(), name="coupons"),
    path("platform/coupons/new", things.CouponNewView.as_view(), name="coupon_new"),
    path("platform/coupons/<uuid:key>", things.CouponView.as_view(), name="coupon"),
    path("platform/coupons/<uuid:key>/edit", things.CouponEditView.as_view(), name="coupon_edit"),
    path("platform/coupons/<uuid:key>/archive", things.CouponArchiveView.as_view(), name="coupon_archive"),
    path("platform/coupons/<uuid:key>/restore", things.CouponRestoreView.as_view(), name="coupon_restore"),
]
