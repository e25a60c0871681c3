"""Addresses of billing in the API: the ledger."""

from django.urls import URLPattern, path

from billing.api import books
from billing.api import ledger as api

urlpatterns: list[URLPattern] = [
    path("ledger/accounts", api.AccountsView.as_view(), name="api_ledger_accounts"),
    path("ledger/accounts/<uuid:account_id>", api.AccountView.as_view(), name="api_ledger_account"),
    path("ledger/journals", api.JournalsView.as_view(), name="api_journals"),
    path("ledger/journals/<uuid:journal_id>", api.JournalView.as_view(), name="api_journal"),
    path("ledger/journals/<uuid:journal_id>/reversal", api.JournalReversalView.as_view(), name="api_journal_reversal"),
    path("ledger/ageing", books.AgeingView.as_view(), name="api_ageing"),
    path("ledger/proof", books.ProofView.as_view(), name="api_ledger_proof"),
    path("revenue", books.RevenueView.as_view(), name="api_revenue"),
]
