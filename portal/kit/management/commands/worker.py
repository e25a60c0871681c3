"""`manage.py worker run`: run queued jobs."""

from django.core.management.base import BaseCommand, CommandParser

from portal.kit import serve


class Command(BaseCommand):
    """Celery worker in the foreground."""

    help = "Run queued jobs until Ctrl-C or SIGTERM."

    # Run below, once a database answers: some of the checks ask it.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        parser.add_argument("verb", choices=["run"])

    def handle(self, *args: object, **options: object) -> None:
        """Run until told to stop."""
        serve.refuse_to_start_wrong(self.stderr.write)
        self.check(databases=["default"])
        serve.worker()
