"""Errors: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class Unbalanced(errors.Invalid):
    """Debits and credits of a currency differ, or there are fewer than two entries."""

    code = "billing.journal_unbalanced"
    title = _("Debits and credits differ")
    default_detail = _("Give at least two lines, and in every currency as much on one side as on the other.")


class LineInvalid(errors.Invalid):
    """An amount that is no integer of minor units, or no account."""

    code = "billing.journal_line_invalid"
    title = _("A line of the journal is not right")
    default_detail = _("Give every line an account of the chart and a whole number of minor units.")


class BooksMixed(errors.Invalid):
    """Accounts of sandboxes and real ones in one journal."""

    code = "billing.books_mixed"
    title = _("Sandbox and real books do not mix")
    default_detail = _("Use accounts of one kind of books only.")


class KeyConflict(errors.Conflict):
    """The key was used for another posting."""

    code = "billing.ledger_key_conflict"
    title = _("That key was used for something else")
    default_detail = _("A journal or hold with this key has another content. Use a new key for a new posting.")


class Overdrawn(errors.Conflict):
    """An account would pass its limit, with what is held on it counted."""

    code = "billing.account_overdrawn"
    title = _("There is not enough on that account")
    default_detail = _("The account would pass its limit. Take less, or wait until what is held on it is free again.")


class PeriodClosed(errors.Conflict):
    """The books of that time are closed."""

    code = "billing.period_closed"
    title = _("The books of that time are closed")
    default_detail = _("Post it with a later date, or reopen the period first.")


class ReversedAlready(errors.Conflict):
    """A journal is reversed once."""

    code = "billing.journal_reversed_already"
    title = _("That journal is reversed already")
    default_detail = _("Look at the journal that reverses it; reverse that one if it was wrong.")


class JournalUnknown(errors.NotFound):
    """No journal of that id."""

    code = "billing.journal_unknown"
    title = _("There is no such journal")
    default_detail = _("Choose one of the journal browser.")


class HoldUnknown(errors.NotFound):
    """No hold of that id."""

    code = "billing.hold_unknown"
    title = _("There is no such hold")
    default_detail = _("Choose a hold that was placed.")


class HoldEnded(errors.Conflict):
    """The hold was posted, voided or expired before; it ends once."""

    code = "billing.hold_ended"
    title = _("That hold has ended already")
    default_detail = _("It was posted, voided or has expired. Place a new hold.")


class HoldExceeded(errors.Invalid):
    """More than is held."""

    code = "billing.hold_exceeded"
    title = _("That is more than is held")
    default_detail = _("Post at most what the hold set aside.")


class NotClosed(errors.Conflict):
    """Only what is closed is opened again."""

    code = "billing.period_not_closed"
    title = _("The books of that time are open")
    default_detail = _("Choose a day before the one up to which the books are closed.")


class ClosedAlready(errors.Conflict):
    """The books are closed further than that."""

    code = "billing.period_closed_already"
    title = _("The books are closed up to then already")
    default_detail = _("Choose a later day.")


class ClosesTheFuture(errors.Invalid):
    """A period that is not over cannot be closed."""

    code = "billing.period_not_over"
    title = _("That day is not over yet")
    default_detail = _("Choose a day of the past; nothing could be posted any more today.")


class StatementUnreadable(errors.Invalid):
    """No CSV of a bank statement: a heading or a line is not right; nothing of it was imported."""

    code = "billing.statement_unreadable"
    title = _("That statement cannot be read")
    default_detail = _("Send a CSV file with the columns date, amount, currency, reference, counterparty and id.")


class StatementLineSettled(errors.Conflict):
    """The line was matched or set aside before."""

    code = "billing.statement_line_settled"
    title = _("That line is settled already")
    default_detail = _("Reload the page. A wrong match is put right by reversing its journal.")


class JournalDiffers(errors.Conflict):
    """The journal moved another amount on that bank account, or another line has it."""

    code = "billing.journal_differs"
    title = _("That journal does not fit the line")
    default_detail = _("Choose a journal that moves this amount on this bank account and that no other line has.")
