"""Events: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

for code, sentence, severity in (
    ("billing.journal.posted", _("The journal {target} was posted by hand"), "notice"),
    ("billing.journal.reversed", _("The journal {target} was reversed"), "warning"),
    ("billing.period.closed", _("The books were closed up to {target}"), "warning"),
    ("billing.period.reopened", _("The books were opened again from {target} on"), "warning"),
    ("billing.proof.broken", _("The proof found that documents and ledger differ"), "critical"),
    ("billing.statement.imported", _("Lines of a bank statement were imported"), "notice"),
    ("billing.statement_line.matched", _("A line of a bank statement was matched: {target}"), "info"),
    ("billing.statement_line.ignored", _("A line of a bank statement was set aside: {target}"), "notice"),
):
    events.add(Event(code, sentence, "billing", severity))  # type: ignore[arg-type]

for name in ("state", "note", "journal_id"):
    fields.add(Field("billing.StatementLine", name, "public"))
