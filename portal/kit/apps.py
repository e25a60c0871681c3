"""Application configuration: what every room does at start."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# The files by which a room hands things up; house.md fixes their names.
DECLARATIONS = (
    *("errors", "permissions", "events", "jobs", "lists", "search", "cleanups", "health", "metrics", "kpis", "menu"),
    *("commands", "checks", "restored", "categories", "personal_data", "widgets", "settings"),
)


class RoomConfig(AppConfig):
    """A room: reads its declarations when the project starts."""

    default = False

    def ready(self) -> None:
        """Import the files of house.md that this room has."""
        for name in DECLARATIONS:
            if find_spec(f"{self.name}.{name}") is not None:
                import_module(f"{self.name}.{name}")


class KitConfig(RoomConfig):
    """The common floor."""

    name = "portal.kit"
    verbose_name = _("Portal")
    label = "kit"
    default = True

    def ready(self) -> None:
        """Logging and error reporting first, then the declarations, then the guard of development."""
        from django.conf import settings
        from django.db.backends.signals import connection_created

        from portal.kit import health, logs, measures, pseudo, sentry

        logs.configure(settings.STEWARD_LOG_LEVEL, settings.STEWARD_LOG_FORMAT)
        sentry.configure(settings.SENTRY_DSN, settings.STEWARD_ENV, settings.VERSION)
        super().ready()
        health.declare()
        measures.declare()
        pseudo.install()
        if not settings.PRODUCTION:
            connection_created.connect(_guard, dispatch_uid="steward.write_guard")


def _guard(connection: object, **kwargs: object) -> None:
    """Put the write guard on every new connection of development and tests."""
    from django.conf import settings
    from django.db.backends.base.base import BaseDatabaseWrapper

    from portal.kit.services import WriteGuard

    if isinstance(connection, BaseDatabaseWrapper) and settings.STEWARD_CONNECT_AS == "app":
        wrappers = connection.execute_wrappers
        if not any(isinstance(wrapper, WriteGuard) for wrapper in wrappers):
            wrappers.append(WriteGuard())
