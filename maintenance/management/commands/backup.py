"""`manage.py backup create|verify|list|restore|drill|keys`: backups from the command line, also where no worker runs."""

import json
import sys
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from maintenance.backup import keys
from maintenance.backup.errors import BackupError
from maintenance.models import Backup
from maintenance.restore import command
from maintenance.selectors import backups as selectors
from maintenance.services import backup_keeping, backups
from portal.kit import context
from portal.kit.errors import StewardError


class Command(BaseCommand):
    """Backups."""

    help = "Backups: create, verify [id], list [--rebuild], restore <id|newest>, drill, keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a backup now")
        create.add_argument("--before", default="", help="what it is made before, for the catalogue")
        verify = verbs.add_parser("verify", help="read every byte of a backup")
        verify.add_argument("id", nargs="?", help="which one; the newest without it")
        listing = verbs.add_parser("list", help="the catalogue")
        listing.add_argument("--rebuild", action="store_true", help="from the targets alone")
        listing.add_argument("--json", action="store_true", help="as JSON")
        restore = verbs.add_parser("restore", help="restore a backup into a new database, or in place of the live one")
        restore.add_argument("id", help="which one, or newest")
        where = restore.add_mutually_exclusive_group()
        where.add_argument("--into", default="", metavar="NAME", help="name of the new database")
        where.add_argument("--in-place", action="store_true", help="replace the live database, which is kept beside")
        restore.add_argument("--confirm", default="", metavar="NAME", help="the live database's name, to replace it")
        verbs.add_parser("drill", help="prove that the newest backup can be restored, and in how long")
        verbs.add_parser("keys", help="what must be kept apart from the backups, and where it is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the verb; what goes wrong is one sentence and exit code 1."""
        with context.system(f"backup {options['verb']}"):
            try:
                getattr(self, f"_{options['verb']}")(options)
            except StewardError as error:
                raise CommandError(str(error.detail)) from error

    def _create(self, options: dict[str, Any]) -> None:
        kind = Backup.Kind.BEFORE if options["before"] else Backup.Kind.MANUAL
        made = backups.backup_create(actor=context.actor(), kind=kind, act=options["before"], tick=self._tick)
        self.stdout.write(str(made.pk))
        for target, why in made.missed.items():
            self.stderr.write(_("No copy at %(target)s: %(why)s") % {"target": target, "why": why})

    def _verify(self, options: dict[str, Any]) -> None:
        actor = context.actor()
        if options["id"]:
            try:
                backup = selectors.backup(actor, UUID(options["id"]))
            except ValueError as error:
                raise CommandError(_("%s is no id of a backup. `backup list` shows them.") % options["id"]) from error
        else:
            found = selectors.newest_made(actor, 1)
            if not found:
                raise CommandError(_("There is no backup yet. Make one with `backup create`."))
            backup = selectors.backup(actor, found[0].pk)
        good = backups.backup_verify(actor=actor, backup=backup, tick=self._tick)
        for report in good:
            self.stdout.write(
                _("%(target)s: %(files)d files, %(bytes)d bytes, every byte read and good")
                % {"target": report.target, "files": report.files, "bytes": report.stored_bytes}
            )
        told = selectors.backup(actor, backup.pk)
        if not good:
            raise BackupError(told.damage)
        for target, why in told.missed.items():
            self.stderr.write(f"{target}: {why}")

    def _list(self, options: dict[str, Any]) -> None:
        actor = context.actor()
        if options["rebuild"]:
            rebuilt = backup_keeping.catalogue_rebuild(actor=actor)
            self.stderr.write(
                _("%(found)d found, %(known)d known, %(missing)d missing.")
                % {"found": rebuilt.found, "known": rebuilt.known, "missing": rebuilt.missing}
            )
            for problem in rebuilt.problems:
                self.stderr.write(problem)
        rows = selectors.backups(actor, state="kept")
        if options["json"]:
            told = [
                {"id": str(row.pk), "taken_at": row.moment.isoformat(), "state": row.state, "bytes": row.stored_bytes}
                for row in rows
            ]
            self.stdout.write(json.dumps(told, indent=1))
            return
        for row in rows:
            seen = _("verified") if row.verified_at else _("not verified")
            self.stdout.write(
                f"{row.pk}  {row.moment:%Y-%m-%d %H:%M}  {row.state}  {filesizeformat(row.stored_bytes)}  {seen}"
            )

    def _keys(self, options: dict[str, Any]) -> None:
        found = keys.all_keys()
        self.stdout.write(_("Keep these apart from the backups; without them no backup can be read:"))
        for place, name in enumerate(found):
            use = _("encrypts new backups") if place == 0 else _("reads older ones")
            self.stdout.write(f"  {keys.SETTING}  {name}  ({use})")
        local = settings.STEWARD_VAR / "secrets"
        if not settings.PRODUCTION and local.is_dir():
            self.stdout.write(_("Made here, in %(folder)s: copy that folder to another place.") % {"folder": local})
        self.stdout.write(
            _("And of the data itself: STEWARD_ENCRYPTION_KEYS and SECRET_KEY, which no backup holds either.")
        )

    def _restore(self, options: dict[str, Any]) -> None:
        name = command.restore(
            backup_id=options["id"],
            into=options["into"],
            in_place=options["in_place"],
            confirm=options["confirm"],
            say=self.stderr.write,
        )
        self.stdout.write(name)

    def _drill(self, options: dict[str, Any]) -> None:
        command.drill(self.stderr.write)

    def _tick(self, step: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{step}  {filesizeformat(done)}", ending="")
