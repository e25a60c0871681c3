"""Addresses of billing in the API: what was agreed."""

from django.urls import path

from billing.api import subscriptions

ONE, OWN = "subscriptions/<uuid:subscription_id>", "organisations/<uuid:organisation_id>/subscription"
urlpatterns = [
    path("subscriptions", subscriptions.SubscriptionsView.as_view(), name="api_subscriptions"),
    path(ONE, subscriptions.SubscriptionView.as_view(), name="api_subscription"),
    path(f"{ONE}/changes", subscriptions.SubscriptionChangesView.as_view(), name="api_subscription_changes"),
    path(OWN, subscriptions.OwnSubscriptionView.as_view(), name="api_own_subscription"),
    path(f"{OWN}/changes", subscriptions.OwnChangesView.as_view(), name="api_own_changes"),
]
