"""`manage.py ledger check|export`: the proof of the ledger, and its text for the tools of others."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from billing.ledger.checks import ask
from billing.ledger.export import FORMATS, lines
from portal.kit import context
from portal.kit.tenancy import behind_the_wall


class Command(BaseCommand):
    """Asks the ledger whether it is sound, or prints it."""

    help = "check: asks every row, exit 1 when something is wrong. export: the journal, for bean-check or hledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and what it takes."""
        parser.add_argument("verb", choices=["check", "export"])
        parser.add_argument("--format", choices=sorted(FORMATS), default="beancount")
        parser.add_argument("--sandbox", action="store_true", help="the books of sandboxes instead of the real ones")

    def handle(self, *args: object, **options: object) -> None:
        """Check or print."""
        with context.system("manage.py ledger"), behind_the_wall():
            if options["verb"] == "export":
                for line in lines(str(options["format"]), sandbox=bool(options["sandbox"])):
                    self.stdout.write(line)
                return
            wrong = ask(_number)
        for text, number in wrong:
            self.stderr.write(f"{number}: {text}")
        if wrong:
            raise CommandError("The ledger is not sound. Keep the database as it is and look at these rows.")
        self.stdout.write("The ledger is sound.")


def _number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
