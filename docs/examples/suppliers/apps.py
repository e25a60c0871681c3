"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class SuppliersConfig(RoomConfig):
    """Whom an organisation buys from."""

    name = "docs.examples.suppliers"
    label = "suppliers"
    verbose_name = _("Suppliers")
    default = True
