"""Lists: the ledger."""

from collections.abc import Sequence
from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from billing.models import Journal, LedgerAccount, StatementLine
from billing.models.ledger import Kind
from billing.presenters.ledger import (
    AccountRow,
    JournalRow,
    StatementRow,
    account_rows,
    journal_rows,
    statement_rows,
)
from billing.selectors import ledger as selectors
from portal.kit.context import Actor
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count

BOOKS = (Option("real", gettext_lazy("Real books")), Option("sandbox", gettext_lazy("Sandboxes")))


def _accounts(number: int) -> str:
    return ngettext("%(count)s account", "%(count)s accounts", number) % {"count": count(number)}


def _journals(number: int) -> str:
    return ngettext("%(count)s journal", "%(count)s journals", number) % {"count": count(number)}


def _lines(number: int) -> str:
    return ngettext("%(count)s line", "%(count)s lines", number) % {"count": count(number)}


def _present_accounts(who: Actor, rows: Sequence[LedgerAccount]) -> list[AccountRow]:
    return account_rows(who, rows)


def _present_journals(who: Actor, rows: Sequence[Journal]) -> list[JournalRow]:
    return journal_rows(who, rows)


def _present_lines(_who: Actor, rows: Sequence[StatementLine]) -> list[StatementRow]:
    return statement_rows(rows)


accounts = register(
    List(
        name="billing.ledger_accounts",
        label=gettext_lazy("Accounts"),
        url="/platform/ledger/accounts",
        code="ledger:read",
        source=selectors.accounts,
        present=_present_accounts,
        items=_accounts,
        columns=(
            Column(
                "account",
                gettext_lazy("Account"),
                cell=cells.what("under", "columns"),
                value=attrgetter("path"),
                by=("path",),
                fixed=True,
                card="head",
            ),
            Column(
                "kind",
                gettext_lazy("Kind"),
                cell=cells.text("kind"),
                value=attrgetter("kind"),
                by=("kind", "path"),
                card="line",
            ),
            Column("books", gettext_lazy("Books"), cell=cells.text("books"), value=attrgetter("books")),
            Column(
                "balance",
                gettext_lazy("Balance"),
                cell=cells.text("balance"),
                value=attrgetter("balance_value"),
                css="num",
                card="line",
            ),
        ),
        sort="account",
        empty=Empty(
            gettext_lazy("No accounts yet"),
            gettext_lazy("The first posting to an account opens it: an invoice, a payment, a journal by hand."),
            "columns",
        ),
        no_match=gettext_lazy("No account matches"),
        filters=(
            Choice(
                name="books",
                label=gettext_lazy("Books"),
                options=BOOKS,
                apply=lambda rows, value: rows.filter(sandbox=value == "sandbox"),
                tabs=True,
            ),
            Choice(
                name="kind",
                label=gettext_lazy("Kind"),
                options=tuple(Option(kind.value, kind.label) for kind in Kind),
                apply=lambda rows, value: rows.filter(kind=value),
            ),
        ),
        search=Search("ledger_account", gettext_lazy("Part of its path, customer or id")),
    )
)

journals = register(
    List(
        name="billing.journals",
        label=gettext_lazy("Journals"),
        url="/platform/ledger/journals",
        code="ledger:read",
        source=selectors.journals,
        present=_present_journals,
        items=_journals,
        columns=(
            Column(
                "journal",
                gettext_lazy("Journal"),
                cell=cells.what("under", "document"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column(
                "kind",
                gettext_lazy("Kind"),
                cell=cells.status("tone", "kind"),
                value=attrgetter("kind"),
                by=("kind", "event_at"),
                newest=True,
                card="state",
            ),
            Column(
                "amount",
                gettext_lazy("Amount"),
                cell=cells.text("amount"),
                value=attrgetter("amount"),
                css="num",
                card="line",
            ),
            moment_column("happened", gettext_lazy("Happened"), "event_at", style="date", sortable=True, card="line"),
            moment_column(
                "recorded", gettext_lazy("Recorded"), "recorded_at", style="date", css="num quiet", shown=False
            ),
        ),
        sort="-happened",
        empty=Empty(
            gettext_lazy("No journals yet"),
            gettext_lazy("What invoices, payments and journals by hand move appears here, each once."),
            "document",
        ),
        no_match=gettext_lazy("No journal matches"),
        filters=(
            Choice(
                name="books",
                label=gettext_lazy("Books"),
                options=BOOKS,
                apply=lambda rows, value: rows.filter(sandbox=value == "sandbox"),
                tabs=True,
            ),
            Dates(name="happened", label=gettext_lazy("Happened"), field="event_at"),
        ),
    )
)

statement_lines = register(
    List(
        name="billing.statement_lines",
        label=gettext_lazy("Bank statements"),
        url="/platform/ledger/statements",
        code="ledger:read",
        source=selectors.statement_lines,
        present=_present_lines,
        items=_lines,
        columns=(
            Column(
                "line",
                gettext_lazy("Line"),
                cell=cells.what("under", "upload"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column(
                "state",
                gettext_lazy("State"),
                cell=cells.status("tone", "state"),
                value=attrgetter("state"),
                card="state",
            ),
            Column("bank", gettext_lazy("Bank"), cell=cells.text("bank"), value=attrgetter("bank")),
            Column(
                "amount",
                gettext_lazy("Amount"),
                cell=cells.text("amount"),
                value=attrgetter("amount_value"),
                css="num",
                card="line",
            ),
            Column(
                "booked",
                gettext_lazy("Booked"),
                cell=cells.text("booked"),
                value=attrgetter("booked_on"),
                by=("booked_on",),
                newest=True,
                css="num quiet",
                card="line",
            ),
        ),
        sort="-booked",
        empty=Empty(
            gettext_lazy("No statements yet"),
            gettext_lazy("Import the file of your bank, then match each line with what the books know."),
            "upload",
        ),
        no_match=gettext_lazy("No line matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("State"),
                options=tuple(Option(state.value, state.label) for state in StatementLine.State),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
        ),
        search=Search("statement_line", gettext_lazy("Reference, name or id")),
    )
)
