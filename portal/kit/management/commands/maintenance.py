"""`manage.py maintenance on|off|status`: maintenance mode from the machine itself, for when nobody can sign in."""

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.kit import clock, context
from portal.kit.errors import StewardError
from portal.kit.mode import selectors, services
from portal.kit.models import MaintenanceWindow
from portal.kit.models.mode import MESSAGE_LIMIT


class Command(BaseCommand):
    """Maintenance mode."""

    help = (
        "Maintenance mode: `maintenance on` closes the portal (or --read-only), `maintenance off` opens it again, "
        "`maintenance status` tells what is in force and what is planned."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and what `on` takes."""
        parser.add_argument("verb", choices=["on", "off", "status"])
        parser.add_argument("--read-only", action="store_true", help="refuse changes only; reading goes on")
        parser.add_argument("--message", default="", help=f"what everybody reads, at most {MESSAGE_LIMIT} characters")
        parser.add_argument("--reason", default="switched on by a command", help="why, for the audit trail")
        parser.add_argument("--minutes", type=_minutes, help="end by itself after so many minutes")
        parser.add_argument("--allow", action="append", default=[], help="an address or network that gets through")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch, or tell; a refusal is one sentence."""
        with context.system(f"maintenance {options['verb']}") as current:
            try:
                getattr(self, f"_{options['verb']}")(current.actor, options)
            except StewardError as error:
                told = [str(error.detail), *(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())]
                raise CommandError(" ".join(told)) from error

    def _on(self, actor: context.Actor, options: dict[str, Any]) -> None:
        minutes = options["minutes"]
        window = services.window_create(
            actor=actor,
            kind=MaintenanceWindow.Kind.READ_ONLY if options["read_only"] else MaintenanceWindow.Kind.CLOSED,
            reason=options["reason"],
            message=options["message"],
            ends_at=clock.now() + timedelta(minutes=minutes) if minutes else None,
            addresses=options["allow"],
        )
        self.stdout.write(f"Maintenance is on: {_told(window)}")

    def _off(self, actor: context.Actor, options: dict[str, Any]) -> None:
        now = clock.now()
        running = [window for window in selectors.open_windows(actor) if window.starts_at <= now]
        for window in running:
            services.window_end(actor=actor, window=window)
        self.stdout.write("Maintenance is off." if running else "There was no maintenance; nothing was changed.")

    def _status(self, actor: context.Actor, options: dict[str, Any]) -> None:
        found = selectors.open_windows(actor)
        now = clock.now()
        for window in found:
            self.stdout.write(f"{'In force' if window.starts_at <= now else 'Planned'}: {_told(window)}")
        if not found:
            self.stdout.write("There is no maintenance, and none is planned.")


def _minutes(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError("write a whole number of minutes from 1 to 100000")
    return number


def _told(window: MaintenanceWindow) -> str:
    what = "read only" if window.kind == MaintenanceWindow.Kind.READ_ONLY else "closed"
    end = f"until {window.ends_at:%Y-%m-%d %H:%M} UTC" if window.ends_at else "until `manage.py maintenance off`"
    return f"{what}, from {window.starts_at:%Y-%m-%d %H:%M} UTC {end}."
