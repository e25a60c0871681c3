"""`manage.py migrate`: Django's own, which asks before it changes a database with data, and backs it up first."""

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.kit import safeguards

Target = tuple[str, str | None]


class Command(migrate.Command):
    """Django's command behind the safeguards."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's options, and two of ours."""
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="change a database with data without asking")
        parser.add_argument(
            "--without-backup", default="", metavar="WHY", help="make no backup first; the reason is recorded"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, ask, back up, migrate, write it down."""
        yes, without_backup = bool(options.pop("yes", False)), str(options.pop("without_backup", "") or "")
        if options.get("plan") or options.get("check_unapplied") or options.get("prune"):
            super().handle(*args, **options)
            return
        plan = safeguards.planned(self._targets(options))
        permit = safeguards.permit(plan=plan, yes=yes, without_backup=without_backup, talk=sys.stderr)
        super().handle(*args, **options)
        safeguards.migrated(permit)

    def _targets(self, options: dict[str, Any]) -> list[Target] | None:
        """What Django makes of the arguments; what it would refuse is left for it to refuse."""
        label, name = options.get("app_label"), options.get("migration_name")
        if not label:
            return None
        loader = MigrationExecutor(connection).loader
        if name == "zero":
            return [(label, None)]
        if name:
            return [found for found in loader.graph.nodes if found[0] == label and found[1].startswith(name)][:1]
        return [found for found in loader.graph.leaf_nodes() if found[0] == label]
