"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class RbacConfig(RoomConfig):
    """Roles and the decision."""

    name = "rbac"
    verbose_name = _("Permissions")
    default = True

    def ready(self) -> None:
        """Fill the ports of the decision."""
        from portal.kit import decision as ports
        from rbac import decision, selectors, subjects, visibility

        ports.can.fill(decision.can)
        ports.check_many.fill(decision.check_many)
        ports.visible_to.fill(visibility.visible_to)
        ports.holds_somewhere.fill(visibility.holds_somewhere)
        ports.list_subjects.fill(subjects.list_subjects)
        ports.role_labels.fill(selectors.role_labels)
        ports.own_role_labels.fill(decision.own_role_labels)
        super().ready()
