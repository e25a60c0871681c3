"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class BillingConfig(RoomConfig):
    """Money."""

    name = "billing"
    verbose_name = _("Billing")
    default = True

    def ready(self) -> None:
        """Fill the ports, then the declarations."""
        super().ready()
        from billing import entitlements
        from billing.selectors.plans_held import plans_held, service_standing
        from billing.services.webhook_deliveries import deliveries_write
        from portal.kit import webhooks

        webhooks.deliveries_write.fill(deliveries_write)
        entitlements.fill(plans=plans_held, standing=service_standing)
