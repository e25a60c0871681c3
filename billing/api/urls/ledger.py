"""Addresses of billing in the API: the ledger."""

from django.urls import URLPattern, path

from billing.api import books, closings, ledger_reports, statements
from billing.api import ledger as api

LINE = "ledger/statements/<uuid:line_id>"
urlpatterns: list[URLPattern] = [
    path("ledger/accounts", api.AccountsView.as_view(), name="api_ledger_accounts"),
    path("ledger/accounts/<uuid:account_id>", api.AccountView.as_view(), name="api_ledger_account"),
    path("ledger/journals", api.JournalsView.as_view(), name="api_journals"),
    path("ledger/journals/<uuid:journal_id>", api.JournalView.as_view(), name="api_journal"),
    path("ledger/journals/<uuid:journal_id>/reversal", api.JournalReversalView.as_view(), name="api_journal_reversal"),
    path("ledger/closings", closings.ClosingsView.as_view(), name="api_closings"),
    path("ledger/trial-balance", ledger_reports.TrialBalanceView.as_view(), name="api_trial_balance"),
    path("ledger/balance-sheet", ledger_reports.BalanceSheetView.as_view(), name="api_balance_sheet"),
    path("ledger/income-statement", ledger_reports.IncomeStatementView.as_view(), name="api_income_statement"),
    path("ledger/statements", statements.StatementsView.as_view(), name="api_statements"),
    path(LINE, statements.StatementLineView.as_view(), name="api_statement_line"),
    path(f"{LINE}/match", statements.StatementMatchView.as_view(), name="api_statement_match"),
    path(f"{LINE}/post", statements.StatementPostView.as_view(), name="api_statement_post"),
    path(f"{LINE}/ignore", statements.StatementIgnoreView.as_view(), name="api_statement_ignore"),
    path("ledger/ageing", books.AgeingView.as_view(), name="api_ageing"),
    path("ledger/proof", books.ProofView.as_view(), name="api_ledger_proof"),
    path("revenue", books.RevenueView.as_view(), name="api_revenue"),
]
