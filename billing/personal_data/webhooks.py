"""What is kept about people: events that leave by HTTP."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_webhooks",
        _("Webhooks"),
        _(
            "Addresses of servers that an organisation has events sent to, who entered them, and the log of what was "
            "sent, which names no person but by id."
        ),
        _("Addresses until they are deleted; the log 30 days."),
        ("billing.WebhookEndpoint", "billing.WebhookDelivery"),
        withheld=_("They belong to the organisation, which shows them to whom may change its webhooks."),
    )
)
