"""Addresses of billing: payments and their providers."""

from django.urls import URLPattern, path

from billing.views import own_payments, payments, provider_accounts, provider_webhooks

PAYMENT, EVENT = "platform/payments/<uuid:key>", "platform/payments/events/<uuid:key>"
PROVIDER, OWN = "platform/payment-providers/<uuid:key>", "o/<slug:slug>/billing"
urlpatterns: list[URLPattern] = [
    path(
        "webhooks/<slug:provider>/<slug:account>",
        provider_webhooks.ProviderWebhookView.as_view(),
        name="provider_webhook",
    ),
    path("sandbox-checkout/<str:token>", provider_webhooks.SandboxCheckoutView.as_view(), name="sandbox_checkout"),
    path("platform/payments", payments.PaymentsView.as_view(), name="payments"),
    path("platform/payments/events", payments.ProviderEventsView.as_view(), name="provider_events"),
    path(EVENT, payments.ProviderEventView.as_view(), name="provider_event"),
    path(f"{EVENT}/replay", payments.ProviderEventReplayView.as_view(), name="provider_event_replay"),
    path(PAYMENT, payments.PaymentView.as_view(), name="payment"),
    path(f"{PAYMENT}/refund", payments.PaymentRefundView.as_view(), name="payment_refund"),
    path("platform/dunning", provider_accounts.DunningView.as_view(), name="dunning"),
    path("platform/dunning/<uuid:key>", provider_accounts.DunningRunView.as_view(), name="dunning_run"),
    path("platform/payment-providers", provider_accounts.ProvidersView.as_view(), name="provider_accounts"),
    path("platform/payment-providers/new", provider_accounts.ProviderNewView.as_view(), name="provider_account_new"),
    path(PROVIDER, provider_accounts.ProviderView.as_view(), name="provider_account"),
    path(f"{PROVIDER}/edit", provider_accounts.ProviderEditView.as_view(), name="provider_account_edit"),
    path(f"{PROVIDER}/secret", provider_accounts.ProviderSecretView.as_view(), name="provider_account_secret"),
    path(f"{PROVIDER}/test", provider_accounts.ProviderTestView.as_view(), name="provider_account_test"),
    path(f"{OWN}/methods", own_payments.MethodsView.as_view(), name="methods"),
    path(f"{OWN}/methods/<uuid:key>/prefer", own_payments.MethodPreferView.as_view(), name="method_prefer"),
    path(f"{OWN}/methods/<uuid:key>/remove", own_payments.MethodRemoveView.as_view(), name="method_remove"),
    path(f"{OWN}/invoices/<uuid:key>/pay", own_payments.InvoicePayView.as_view(), name="invoice_pay"),
    path(f"{OWN}/payments/<uuid:key>/return", own_payments.PaymentReturnView.as_view(), name="payment_return"),
]
