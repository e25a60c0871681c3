"""Errors: events that leave by HTTP."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class WebhooksTooMany(errors.Conflict):
    """The organisation has as many endpoints as one may have."""

    code = "billing.webhooks_too_many"
    title = _("There are enough webhooks")
    default_detail = _("An organisation has at most 20. Delete one that is no longer needed.")


class WebhookPaused(errors.Conflict):
    """Nothing is sent to a paused endpoint."""

    code = "billing.webhook_paused"
    title = _("That webhook is paused")
    default_detail = _("Resume it first; then send the event again.")


class DeliveryWaiting(errors.Conflict):
    """It will be sent anyway."""

    code = "billing.delivery_waiting"
    title = _("That event waits to be sent already")
    default_detail = _("It is sent again by itself. Look again in a minute.")
