"""What is kept about people: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_ledger",
        _("Statements of banks"),
        _("Who sent a transfer and the words that came with it, as the bank tells them; who closed a period."),
        _("As long as the law asks for books of account; what was booked is never changed."),
        ("billing.StatementLine", "billing.Closing", "billing.Journal"),
        withheld=_("They are books of account of the company that sells, kept apart from accounts of people."),
    )
)
