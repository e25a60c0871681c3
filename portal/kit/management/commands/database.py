"""`manage.py database prepare|init`: roles and database, then tables and first content."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.embedded import roles
from portal.kit import database


class Command(BaseCommand):
    """Prepare a server once, bring the database to this version at every start."""

    help = "prepare: create roles and database (harmless when repeated). init: migrate and make sure of first content."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Two verbs with their own options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        prepare = verbs.add_parser("prepare", help="Create roles and database; passwords are those of the settings.")
        prepare.add_argument("--sql", action="store_true", help="print the statements for a DBA, change nothing")
        prepare.add_argument("--url", default="", help="address of an administrator of the server")
        init = verbs.add_parser(
            "init", help="Migrate, synchronise roles and schedules, make sure of the root administrator."
        )
        init.add_argument("--json", action="store_true", help="print one JSON object about the root administrator")
        init.add_argument("--yes", action="store_true", help="change a database with data without asking")
        init.add_argument(
            "--without-backup", default="", metavar="WHY", help="make no backup first; the reason is recorded"
        )

    def handle(self, *args: object, **options: object) -> None:
        """Run one verb."""
        if options["verb"] == "prepare":
            self._prepare(url=str(options["url"]), sql=bool(options["sql"]))
            return
        printed = database.initialise(yes=bool(options["yes"]), without_backup=str(options["without_backup"]))
        if options["json"]:
            self.stdout.write(printed)

    def _prepare(self, *, url: str, sql: bool) -> None:
        if sql and url:
            raise CommandError("--sql prints and --url changes: give one of them.")
        if sql:
            self.stdout.write(roles.script(database.from_settings()))
            return
        done = database.apply(url)
        self.stdout.write(f"Roles and database {done.database} are prepared; next: manage.py database init")
