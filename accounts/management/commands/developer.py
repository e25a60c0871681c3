"""`manage.py developer ensure`: the optional account for developers."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.services.developers import developer_ensure
from portal.kit import context

log = logging.getLogger("steward.security")


class Command(BaseCommand):
    """Developer account."""

    help = "The developer account: `developer ensure` makes `dev`, inactive, where CREATE_DEV_USER asks for it."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["ensure"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it once, and show its one-time password once, with a warning."""
        if not settings.CREATE_DEV_USER:
            return
        with context.system("developer ensure") as current:
            user, password = developer_ensure(actor=current.actor)
        if password is None:
            return
        log.warning(
            "Security: the developer account was made, inactive. Remove CREATE_DEV_USER once it is no longer needed."
        )
        # Not through the logger: it takes out what looks like a secret, and this has to be read once.
        self.stdout.write(
            f"SECURITY WARNING: the developer account {user.username} was made because CREATE_DEV_USER is set. It is "
            f"inactive until an administrator activates it. One-time password, shown only now: {password}"
        )
