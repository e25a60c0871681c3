"""Addresses of billing: what was agreed."""

from django.urls import path

from billing.views import subscription_acts, subscription_new, subscriptions

SUBSCRIPTION, OWN = "platform/subscriptions/<uuid:key>", "o/<slug:slug>/billing/plan"
urlpatterns = [
    path("platform/subscriptions", subscriptions.SubscriptionsView.as_view(), name="subscriptions"),
    path("platform/subscriptions/new", subscription_new.SubscriptionNewView.as_view(), name="subscription_new"),
    path(
        "platform/customers/<uuid:key>/subscribe",
        subscription_new.CustomerSubscribeView.as_view(),
        name="customer_subscribe",
    ),
    path(SUBSCRIPTION, subscriptions.SubscriptionView.as_view(), name="subscription"),
    path(f"{SUBSCRIPTION}/<slug:act>", subscription_acts.SubscriptionActView.as_view(), name="subscription_act"),
    path(OWN, subscriptions.OwnPlanView.as_view(), name="own_plan"),
    path(f"{OWN}/subscribe", subscriptions.OwnSubscribeView.as_view(), name="own_subscribe"),
    path(f"{OWN}/<slug:act>", subscription_acts.OwnActView.as_view(), name="own_act"),
]
