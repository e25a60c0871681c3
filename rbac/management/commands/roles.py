"""`manage.py roles apply`: bring permissions and ready-made roles up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.kit import context
from rbac import services


class Command(BaseCommand):
    """Roles as data."""

    help = "Roles and permissions: `roles apply` loads the declared permissions and the ready-made roles."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["apply"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply and say what changed."""
        with context.system("roles apply") as current:
            counts = services.roles_apply(actor=current.actor)
        self.stderr.write(f"Roles: {counts['permissions']} permissions and {counts['roles']} roles added or changed.")
