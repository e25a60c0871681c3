"""Addresses of billing in the API: payments and their providers."""

from django.urls import URLPattern, path

from billing.api import dunning, own_payments, payments, provider_accounts, provider_events

_INSIDE = "organisations/<uuid:organisation_id>/billing"
_ACCOUNT, _EVENT = "payment-providers/<uuid:account_id>", "provider-events/<uuid:event_id>"

urlpatterns: list[URLPattern] = [
    path("payments", payments.PaymentsView.as_view(), name="api_payments"),
    path("payments/<uuid:payment_id>", payments.PaymentView.as_view(), name="api_payment"),
    path("payments/<uuid:payment_id>/refunds", payments.RefundsView.as_view(), name="api_payment_refunds"),
    path("dunning", dunning.DunningRunsView.as_view(), name="api_dunning"),
    path("dunning/<uuid:run_id>", dunning.DunningRunView.as_view(), name="api_dunning_run"),
    path("payment-providers", provider_accounts.AccountsView.as_view(), name="api_provider_accounts"),
    path("provider-events", provider_events.EventsView.as_view(), name="api_provider_events"),
    path(_EVENT, provider_events.EventView.as_view(), name="api_provider_event"),
    path(f"{_EVENT}/replay", provider_events.EventReplayView.as_view(), name="api_provider_event_replay"),
    path(_ACCOUNT, provider_accounts.AccountView.as_view(), name="api_provider_account"),
    path(f"{_ACCOUNT}/test", provider_accounts.AccountTestView.as_view(), name="api_provider_account_test"),
    path(f"{_ACCOUNT}/secrets", provider_accounts.SecretsView.as_view(), name="api_provider_secrets"),
    path(f"{_INSIDE}/payment-methods", own_payments.MethodsView.as_view(), name="api_methods"),
    path(f"{_INSIDE}/payment-methods/setup", own_payments.MethodSetupView.as_view(), name="api_method_setup"),
    path(f"{_INSIDE}/payment-methods/<uuid:method_id>", own_payments.MethodView.as_view(), name="api_method"),
    path(f"{_INSIDE}/payments", own_payments.OwnPaymentsView.as_view(), name="api_own_payments"),
    path(f"{_INSIDE}/payments/<uuid:payment_id>", own_payments.OwnPaymentView.as_view(), name="api_own_payment"),
]
