"""What is kept about people: documents."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_documents",
        _("Invoices and credit notes"),
        _(
            "Name, address, e-mail address and tax id of the buyer, frozen in each document when it was made final, and what was bought."
        ),
        _("As long as the law asks for documents of account; they are never changed."),
        ("billing.Invoice", "billing.InvoiceLine", "billing.CreditNote", "billing.CreditNoteLine"),
        withheld=_("They belong to the organisation that bought, which shows them to whom may see its billing."),
    )
)
