"""`manage.py steward run`: everything under one supervisor."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.embedded import supervisor


class Command(BaseCommand):
    """The supervisor in the foreground."""

    help = "Start the embedded servers, prepare the database and run web, worker and beat until Ctrl-C or SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        parser.add_argument("verb", choices=["run"])

    def handle(self, *args: object, **options: object) -> None:
        """Run until told to stop; exits with the supervisor's code."""
        sys.exit(supervisor.main(settings.BASE_DIR))
