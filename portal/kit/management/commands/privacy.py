"""`manage.py privacy inventory`: the page about personal data that is generated from what the rooms declare."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.kit import inventory


class Command(BaseCommand):
    """Prints, or with --write renews, docs/privacy.md."""

    help = "inventory: what is kept about people, as docs/privacy.md. --write renews the file."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        parser.add_argument("verb", choices=["inventory"])
        parser.add_argument("--write", action="store_true", help="write the file instead of printing it")

    def handle(self, *args: object, **options: object) -> None:
        """Print or write."""
        if options["write"]:
            (settings.BASE_DIR / inventory.PAGE).write_text(inventory.text(), "utf-8")
            self.stdout.write(f"{inventory.PAGE} is written.")
        else:
            self.stdout.write(inventory.text(), ending="")
