"""`manage.py demo load|remove|sign-in`: a company to look at, and a way in as one of its people."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.demo import demo_sign_in
from portal.home import demo
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.errors import StewardError


class Command(BaseCommand):
    """Demonstration data."""

    help = (
        "Demonstration data: `demo load` has a job tell them, `demo remove` takes them away, `demo sign-in <user name>` "
        "prints a one-time password for one of its people (never in production)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and whom to sign in as."""
        parser.add_argument("verb", choices=["load", "remove", "sign-in"])
        parser.add_argument("username", nargs="?", default="", help="Of `sign-in`: for example ivo.ito.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what."""
        verb = options["verb"]
        if settings.PRODUCTION and verb != "remove":
            raise CommandError("Demonstration data do not belong into production (STEWARD_ENV=production).")
        try:
            with context.system(f"demo {verb}") as current:
                told = self._done(current.actor, verb, options["username"])
        except StewardError as error:
            raise CommandError(str(error.detail)) from error
        for sentence in told:
            self.stdout.write(sentence)

    def _done(self, actor: Actor, verb: str, username: str) -> list[str]:
        if verb == "load":
            return [demo.demo_ask(actor=actor)]
        if verb == "remove":
            return demo.demo_remove(actor=actor)
        password = demo_sign_in(actor=actor, username=username)
        where = f"{settings.STEWARD_PUBLIC_URL}/sign-in"
        return [f"{username}: {password}", f"Good once, at {where}; a password of your own is asked for then."]
