"""Application configuration."""

from portal.kit.apps import RoomConfig


class RbacConfig(RoomConfig):
    """Roles and the decision."""

    name = "rbac"
    default = True

    def ready(self) -> None:
        """Fill the ports of the decision."""
        from portal.kit import decision as ports
        from rbac import decision, selectors

        ports.can.fill(decision.can)
        ports.check_many.fill(decision.check_many)
        ports.visible_to.fill(decision.visible_to)
        ports.role_labels.fill(selectors.role_labels)
        super().ready()
