"""`manage.py root ensure|recover`: the root administrator."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.services import roots
from portal.kit import context


class Command(BaseCommand):
    """Root administrator."""

    help = "The root administrator: `root ensure` makes one at first start, `root recover` is the last resort."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and JSON for the supervisor."""
        parser.add_argument("verb", choices=["ensure", "recover"])
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object: username, password (or null), created"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or recover, and show the one-time password once."""
        taken = 0
        with context.system(f"root {options['verb']}") as current:
            if options["verb"] == "ensure":
                user, password = roots.root_ensure(
                    actor=current.actor,
                    username=settings.ROOT_USERNAME,
                    email=settings.ROOT_EMAIL,
                    password=settings.ROOT_PASSWORD,
                )
            else:
                user, password, taken = roots.root_recover(actor=current.actor)
        # A password that came from the environment is known to whoever set it; it is not printed again.
        shown = None if password == settings.ROOT_PASSWORD else password
        if options["json"]:
            self.stdout.write(
                json.dumps({"username": user.username, "password": shown, "created": password is not None})
            )
        elif shown:
            self.stdout.write(f"Sign in as {user.username} with the one-time password {shown} and change it at once.")
        else:
            self.stdout.write(f"The root administrator is {user.username}.")
        if taken and not options["json"]:
            self.stdout.write(f"Second factors and passkeys removed: {taken}. Set one up again after signing in.")
