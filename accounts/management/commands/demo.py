"""`manage.py demo load|remove`: people to look at, and what other rooms have beside them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import demo
from portal.kit import context
from portal.kit.demos import demo_parts
from portal.kit.errors import StewardError


class Command(BaseCommand):
    """Demonstration data."""

    help = "Demonstration data: `demo load` creates people at demo.example.com, `demo remove` takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["load", "remove"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Load or remove, and say how many."""
        if settings.PRODUCTION and options["verb"] == "load":
            raise CommandError("Demonstration data do not belong into production (STEWARD_ENV=production).")
        loads = options["verb"] == "load"
        try:
            with context.system(f"demo {options['verb']}") as current:
                if loads:
                    count = demo.demo_people_load(actor=current.actor)
                    said = [part.load(current.actor) for part in demo_parts]
                else:
                    said = [part.remove(current.actor) for part in demo_parts]
                    count = demo.demo_people_remove(actor=current.actor)
        except StewardError as error:
            raise CommandError(str(error.detail)) from error
        self.stdout.write(f"Demonstration: {count} people {'created' if loads else 'removed'}.")
        for sentence in filter(None, said):
            self.stdout.write(sentence)
