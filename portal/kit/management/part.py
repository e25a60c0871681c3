"""The command of one long-running part: web, worker or beat."""

from collections.abc import Callable
from typing import ClassVar

from django.core.management.base import BaseCommand, CommandParser

from portal.kit import serve


class PartCommand(BaseCommand):
    """Runs `part` in the foreground until Ctrl-C or SIGTERM, unless something is wrong with the start."""

    part: ClassVar[Callable[[], None]]
    # Run below, once a database answers: some of the checks ask it.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        parser.add_argument("verb", choices=["run"])

    def handle(self, *args: object, **options: object) -> None:
        """Run until told to stop."""
        serve.refuse_to_start_wrong(self.stderr.write)
        self.check(databases=["default"])
        type(self).part()
