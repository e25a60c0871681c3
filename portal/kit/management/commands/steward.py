"""`manage.py steward run|doctor`: everything under one supervisor; and what is wrong with the machine."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.embedded import supervisor
from portal.kit import doctor

SIGNS = {"good": "ok   ", "warning": "note ", "bad": "WRONG"}


class Command(BaseCommand):
    """The supervisor in the foreground; the doctor's findings."""

    help = (
        "run: start the embedded servers, prepare the database and run web, worker and beat until Ctrl-C or SIGTERM. "
        "doctor: say what is wrong with the machine and the configuration; exits with 1 if anything is."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Two verbs."""
        parser.add_argument("verb", choices=["run", "doctor"])

    def handle(self, *args: object, **options: object) -> None:
        """Run until told to stop, with the supervisor's exit code; or examine."""
        if options["verb"] == "run":
            sys.exit(supervisor.main(settings.BASE_DIR))
        wrong = 0
        for finding in doctor.examine():
            self.stdout.write(f"{SIGNS[finding.level]}  {finding.about}: {finding.detail}")
            wrong += finding.level == "bad"
        self.stdout.write(f"{wrong} wrong." if wrong else "Nothing is wrong.")
        if wrong:
            sys.exit(1)
