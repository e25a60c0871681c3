"""Addresses of billing."""

from billing.urls import catalogue, customers, invoices, ledger, payments, subscriptions, usage, webhooks

app_name = "billing"
urlpatterns = [
    *catalogue.urlpatterns,
    *customers.urlpatterns,
    *invoices.urlpatterns,
    *ledger.urlpatterns,
    *payments.urlpatterns,
    *subscriptions.urlpatterns,
    *usage.urlpatterns,
    *webhooks.urlpatterns,
]
