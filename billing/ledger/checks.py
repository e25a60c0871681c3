"""The proof of the ledger: what must hold of every row, asked of the rows themselves.

Each question finds what is wrong; a sound ledger answers none. Asked by `manage.py ledger check` and by the drill that
restores a backup.
"""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

QUESTIONS: tuple[tuple[Promise, str], ...] = (
    (
        _("Journals whose entries do not sum to 0"),
        "SELECT DISTINCT journal_id FROM billing_entry GROUP BY journal_id, currency HAVING sum(amount) <> 0",
    ),
    (
        _("Journals with fewer than two entries"),
        "SELECT j.id FROM billing_journal j LEFT JOIN billing_entry e ON e.journal_id = j.id "
        "GROUP BY j.id HAVING count(e.id) < 2",
    ),
    (
        _("Entries without their journal or account, or in another currency, moment or kind of books"),
        "SELECT e.id FROM billing_entry e LEFT JOIN billing_journal j ON j.id = e.journal_id "
        "LEFT JOIN billing_ledger_account a ON a.id = e.account_id "
        "WHERE j.id IS NULL OR a.id IS NULL OR a.currency <> e.currency OR a.sandbox <> j.sandbox "
        "OR j.event_at <> e.event_at OR j.recorded_at <> e.recorded_at",
    ),
    (
        _("Balances that are not the sum of their entries"),
        "SELECT b.account_id FROM billing_ledger_balance b LEFT JOIN (SELECT account_id, stripe, sum(amount) AS total, "
        "count(*) AS number FROM billing_entry GROUP BY account_id, stripe) e USING (account_id, stripe) "
        "WHERE b.balance <> coalesce(e.total, 0) OR b.version <> coalesce(e.number, 0)",
    ),
    (
        _("Running balances with a gap"),
        "SELECT id FROM (SELECT id, balance_after, account_version, "
        "sum(amount) OVER w AS total, row_number() OVER w AS number FROM billing_entry "
        "WINDOW w AS (PARTITION BY account_id, stripe ORDER BY id)) run "
        "WHERE balance_after <> total OR account_version <> number",
    ),
    (
        _("Accounts whose holds do not sum to what is set aside"),
        "SELECT b.account_id FROM billing_ledger_balance b LEFT JOIN (SELECT account_id, sum(debit) AS debit, "
        "sum(credit) AS credit FROM (SELECT debit_id AS account_id, amount AS debit, 0 AS credit FROM billing_hold "
        "WHERE state = 'pending' UNION ALL SELECT credit_id, 0, amount FROM billing_hold WHERE state = 'pending') h "
        "GROUP BY account_id) s ON s.account_id = b.account_id AND b.stripe = 0 "
        "WHERE b.pending_debit <> coalesce(s.debit, 0) OR b.pending_credit <> coalesce(s.credit, 0)",
    ),
    (
        _("Accounts past their limits"),
        "SELECT account_id FROM billing_ledger_balance WHERE balance - pending_credit < floor "
        "OR balance + pending_debit > ceiling",
    ),
    (
        _("Reversals that do not take back what they reverse"),
        "SELECT DISTINCT r.id FROM billing_journal r JOIN billing_entry e ON e.journal_id IN (r.id, r.reverses_id) "
        "WHERE r.reverses_id IS NOT NULL GROUP BY r.id, e.account_id HAVING sum(e.amount) <> 0",
    ),
)


def ask(number_of: Callable[[str], int]) -> list[tuple[Promise, int]]:
    """Questions that found something, each with how many rows; none of a sound ledger. Reads the whole ledger.

    `number_of` runs a query of one number.
    """
    numbers = [(text, number_of(f"SELECT count(*) FROM ({query}) wrong")) for text, query in QUESTIONS]  # noqa: S608 - the questions above
    return [(text, number) for text, number in numbers if number]
