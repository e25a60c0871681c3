"""What is kept about people: who buys and who sells."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_contacts",
        _("Billing contacts"),
        _("Names and e-mail addresses to which an organisation has its documents sent, and its own address for them."),
        _("As long as the organisation keeps them; documents that were issued keep what they say, as the law asks."),
        ("billing.BillingContact", "billing.Customer"),
        withheld=_("They belong to the organisation, which shows them to whom may see its billing details."),
    )
)
personal_data.add(
    PersonalData(
        "customer_imports",
        _("Imports of customers"),
        _("Which files of customers the person uploaded. Their rows are the data of organisations."),
        _("Two days."),
        ("billing.CustomerImport",),
        rows_of("billing.CustomerImport", "uploaded_by_id", "filename", "state", "created_at"),
    )
)
