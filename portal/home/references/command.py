"""What the commands `manage.py <noun> reference` share."""

from typing import ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.home import references


class ReferenceCommand(BaseCommand):
    """Prints, or with --write renews, the generated page of `noun`."""

    noun: ClassVar[str]
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        parser.add_argument("verb", choices=["reference"])
        parser.add_argument("--write", action="store_true", help="write the file instead of printing it")

    def handle(self, *args: object, **options: object) -> None:
        """Print or write."""
        page = references.PAGES[self.noun]
        if options["write"]:
            (settings.BASE_DIR / page.path).write_text(page.text(), "utf-8")
            self.stdout.write(f"{page.path} is written.")
        else:
            self.stdout.write(page.text(), ending="")
