"""Application configuration."""

from portal.kit.apps import RoomConfig


class BillingConfig(RoomConfig):
    """Money."""

    name = "billing"
    default = True
