"""What is kept about people: payments and their providers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_payments",
        _("Payments"),
        _(
            "Means of payment as the provider names them (kind, last four digits, end), payments, refunds and disputes, "
            "and what providers told of them. Numbers of cards never come here."
        ),
        _("Payments as long as the law asks for documents of account; what providers told goes with them."),
        ("billing.PaymentMethod", "billing.Payment", "billing.Refund", "billing.Dispute", "billing.ProviderEvent"),
        withheld=_(
            "They belong to the organisation that pays, which shows them to whom may see its billing; what providers told "
            "holds the secrets of others."
        ),
    )
)
