"""Django's admin application with our site in place of the stock one."""

from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig


class StewardAdminConfig(SimpleAdminConfig):
    """Stock configuration, our site; `autodiscover` reads the rooms' admin.py."""

    default_site = "portal.kit.admin.StewardAdminSite"

    def ready(self) -> None:
        """Checks of the stock application, then the rooms' classes."""
        super().ready()
        autodiscover()
