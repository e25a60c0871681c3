"""`manage.py schedules sync`: set up the declared schedules."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from maintenance.services import schedules
from portal.kit import context


class Command(BaseCommand):
    """Schedules."""

    help = "Schedules: `schedules sync` sets up those that the rooms declare."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["sync"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync and say how many are new."""
        with context.system("schedules sync") as current:
            created = schedules.schedules_sync(actor=current.actor)
        self.stderr.write(f"Schedules: {created} set up.")
