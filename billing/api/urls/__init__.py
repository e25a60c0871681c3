"""Addresses of billing in the API."""

from billing.api.urls import catalogue, customers, invoices, ledger, payments, subscriptions, usage, webhooks

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
