"""What the search finds of the books."""

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from billing.lists.ledger import accounts, journals, statement_lines
from billing.models import Journal, LedgerAccount, StatementLine
from billing.presenters.subscriptions import money
from portal.kit.preferences import day_text
from portal.kit.search import Hit, Records, kinds


def _account(row: LedgerAccount) -> Hit:
    note = f"{row.path} · {row.currency}"
    return Hit(str(row.pk), row.name or row.path, note, reverse("billing:ledger_account", args=[row.pk]))


def _journal(row: Journal) -> Hit:
    note = f"{row.kind} · {day_text(localtime(row.event_at).date())}"
    return Hit(str(row.pk), row.description or row.key, note, reverse("billing:journal", args=[row.pk]))


def _line(row: StatementLine) -> Hit:
    note = f"{money(row.amount, row.currency)} · {day_text(row.booked_on)}"
    return Hit(str(row.pk), row.reference or row.counterparty, note, reverse("billing:statement_line", args=[row.pk]))


for kind in (
    Records(
        "ledger_accounts",
        "platform",
        gettext_lazy("Ledger accounts"),
        "columns",
        accounts.code,
        accounts.url,
        place=82,
        source=accounts.source,
        hit=_account,
        search=accounts.search,
        exact=("path",),
        order=("path", "id"),
    ),
    # By its id or its key, which names what it was posted for.
    Records(
        "journals",
        "platform",
        gettext_lazy("Journals"),
        "document",
        journals.code,
        journals.url,
        place=84,
        source=journals.source,
        hit=_journal,
        exact=("key",),
    ),
    Records(
        "statement_lines",
        "platform",
        gettext_lazy("Bank statements"),
        "upload",
        statement_lines.code,
        statement_lines.url,
        place=86,
        source=statement_lines.source,
        hit=_line,
        search=statement_lines.search,
        order=("-booked_on", "-id"),
    ),
):
    kinds.add(kind)
