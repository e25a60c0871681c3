"""Addresses of billing in the API: what was agreed."""

from django.urls import path

from billing.api import subscriptions

ONE, OWN = "subscriptions/<uuid:subscription_id>", "organisations/<uuid:organisation_id>/subscription"
urlpatterns = [
    path("subscriptions", subscriptions.SubscriptionsView.as_view(), name="api_subscriptions"),
    path(ONE, subscriptions.SubscriptionView.as_view(), name="api_subscription"),
    path(f"{ONE}/changes", subscriptions.SubscriptionChangesView.as_view(), name="api_subscription_changes"),
    path(f"{ONE}/events", subscriptions.SubscriptionEventsView.as_view(), name="api_subscription_events"),
    path(f"{ONE}/upcoming", subscriptions.SubscriptionUpcomingView.as_view(), name="api_subscription_upcoming"),
    path(OWN, subscriptions.OwnSubscriptionView.as_view(), name="api_own_subscription"),
    path(f"{OWN}/upcoming", subscriptions.OwnUpcomingView.as_view(), name="api_own_upcoming"),
    path(f"{OWN}/changes", subscriptions.OwnChangesView.as_view(), name="api_own_changes"),
]
