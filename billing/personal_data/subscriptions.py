"""What is kept about people: what was agreed."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_subscriptions",
        _("History of subscriptions"),
        _("Who changed a subscription, by the id of the account, and the reason and note that were written."),
        _("As long as the subscription; a pseudonym stays when the account is erased."),
        ("billing.SubscriptionEvent",),
        withheld=_(
            "It belongs to the organisation that subscribes; one's own acts stand in the audit trail, which is handed out."
        ),
    )
)
