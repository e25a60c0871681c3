"""`manage.py cleanups preview|run`: what all clean-ups would take away now, and taking it away as a job."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from maintenance import cleaning
from maintenance.services import cleanups
from portal.kit import context
from portal.kit.errors import StewardError
from portal.kit.tenancy import behind_the_wall


class Command(BaseCommand):
    """Clean-ups."""

    help = (
        "Clean-ups: `cleanups preview` counts what all of them would take away; `cleanups run` starts them as one job."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and the word that says one means it."""
        parser.add_argument("verb", choices=["preview", "run"])
        parser.add_argument("--confirm", default="", metavar="WORD", help=f"to run: {cleaning.WORD}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count; and start the run that was counted for."""
        with context.system(f"cleanups {options['verb']}") as current, behind_the_wall():
            found = cleaning.overview(actor=current.actor, name=cleaning.EVERYTHING)
            for preview in found.previews:
                self.stdout.write(f"{preview.count:>10} {preview.unit:8} {preview.cleanup.name}")
            if options["verb"] == "preview":
                return
            try:
                run_id = cleanups.cleanup_start(
                    actor=current.actor, name=cleaning.EVERYTHING, token=found.token, word=options["confirm"]
                )
            except StewardError as error:
                raise CommandError(f"{error.detail} Add --confirm {cleaning.WORD}.") from error
        self.stdout.write(f"Queued as run {run_id}; the page Jobs shows how it goes.")
