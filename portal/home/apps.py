"""Application configuration."""

from portal.kit.apps import RoomConfig


class HomeConfig(RoomConfig):
    """The roof. Comes last, so that every room has declared what it hands up."""

    name = "portal.home"
    label = "home"
    default = True

    def ready(self) -> None:
        """Read the own declarations and fill the port of dashboards, then let nobody add any more."""
        from portal.kit import registry, widgets

        super().ready()
        from portal.home import boards

        widgets.board.fill(boards.board)
        registry.freeze_all()
