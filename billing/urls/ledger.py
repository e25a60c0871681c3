"""Addresses of billing: the ledger."""

from django.urls import path

from billing.views import books, ledger_reports, statements
from billing.views import ledger as views

BASE = "platform/ledger"
JOURNAL, LINE = f"{BASE}/journals/<uuid:key>", f"{BASE}/statements/<uuid:key>"
urlpatterns = [
    path(BASE, views.LedgerView.as_view(), name="ledger"),
    path(f"{BASE}/reports/<slug:report>", ledger_reports.ReportView.as_view(), name="ledger_report"),
    path(f"{BASE}/accounts", views.AccountsView.as_view(), name="ledger_accounts"),
    path(f"{BASE}/accounts/<uuid:key>", views.AccountView.as_view(), name="ledger_account"),
    path(f"{BASE}/journals", views.JournalsView.as_view(), name="journals"),
    path(f"{BASE}/journals/new", views.JournalNewView.as_view(), name="journal_new"),
    path(JOURNAL, views.JournalView.as_view(), name="journal"),
    path(f"{JOURNAL}/reverse", views.JournalReverseView.as_view(), name="journal_reverse"),
    path("platform/revenue", books.RevenueView.as_view(), name="revenue"),
    path(f"{BASE}/ageing", books.AgeingView.as_view(), name="ageing"),
    path(f"{BASE}/proof", books.ProofView.as_view(), name="ledger_proof"),
    path(f"{BASE}/proof/run", books.ProofRunView.as_view(), name="ledger_proof_run"),
    path(f"{BASE}/closings", views.ClosingsView.as_view(), name="closings"),
    path(f"{BASE}/statements", statements.StatementsView.as_view(), name="statements"),
    path(f"{BASE}/statements/import", statements.StatementImportView.as_view(), name="statement_import"),
    path(LINE, statements.StatementLineView.as_view(), name="statement_line"),
    path(f"{LINE}/match", statements.StatementMatchView.as_view(), name="statement_match"),
    path(f"{LINE}/post", statements.StatementPostView.as_view(), name="statement_post"),
    path(f"{LINE}/ignore", statements.StatementIgnoreView.as_view(), name="statement_ignore"),
]
