"""Application configuration."""

from portal.kit.apps import RoomConfig


class HomeConfig(RoomConfig):
    """The roof. Comes last, so that every room has declared what it hands up."""

    name = "portal.home"
    label = "home"
    default = True

    def ready(self) -> None:
        """Read the own declarations, then let nobody add any more."""
        from portal.kit import registry

        super().ready()
        registry.freeze_all()
