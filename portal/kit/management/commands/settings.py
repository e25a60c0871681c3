"""`manage.py settings example|reference`: the two texts about configuration that are generated from the settings."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.kit import configuration


class Command(BaseCommand):
    """Prints, or with --write renews, .env.example and docs/configuration.md."""

    help = "example: the .env.example of all settings. reference: docs/configuration.md. --write renews the file."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Two verbs."""
        parser.add_argument("verb", choices=["example", "reference"])
        parser.add_argument("--write", action="store_true", help="write the file instead of printing it")

    def handle(self, *args: object, **options: object) -> None:
        """Print or write one text."""
        if options["verb"] == "example":
            path, text = configuration.EXAMPLE, configuration.example()
        else:
            path, text = configuration.REFERENCE, configuration.reference()
        if options["write"]:
            (settings.BASE_DIR / path).write_text(text, "utf-8")
            self.stdout.write(f"{path} is written.")
        else:
            self.stdout.write(text, ending="")
