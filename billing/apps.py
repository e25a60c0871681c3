"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class BillingConfig(RoomConfig):
    """Money."""

    name = "billing"
    verbose_name = _("Billing")
    default = True
