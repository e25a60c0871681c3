#!/usr/bin/env python3
"""Steward's commands: `manage.py <noun> <verb>`."""

import os
import sys
from pathlib import Path

# These connect as the owner of the tables; everything else connects as the application, which owns nothing.
OWNER_COMMANDS = {"migrate", "database", "makemigrations", "sqlmigrate", "showmigrations"}


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.conf.settings")
    if arguments[1:3] == ["steward", "run"] and len(arguments) == 3:
        # Straight to the supervisor: it needs no Django, and its settings would be read before the servers have
        # addresses. portal.kit.management.commands.steward offers the same to `manage.py help`.
        from portal.embedded import supervisor

        return supervisor.main(Path(__file__).resolve().parent)
    if arguments[1:2] and arguments[1] in OWNER_COMMANDS:
        os.environ["STEWARD_CONNECT_AS"] = "owner"
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        if "--traceback" in arguments:
            raise
        # It names the setting or declaration and says what to write; where it was noticed helps nobody who starts it.
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
