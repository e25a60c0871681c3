"""Tables of the roof."""

from portal.home.models.boards import Dashboard, DashboardVersion, HomeChoice

__all__ = ["Dashboard", "DashboardVersion", "HomeChoice"]
