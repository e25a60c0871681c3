"""Preparing a database server: the roles and the database that Steward expects, and the first content in it.

The statements are in `portal.embedded.roles`, because the embedded server needs them before Django has settings.
"""

import io
import json
import sys
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from portal.embedded import roles
from portal.embedded.roles import Wanted
from portal.kit import safeguards

# In this order after `migrate`; a room that is not installed has no such command.
AFTER_MIGRATE = (("roles", "apply"), ("schedules", "sync"))


def prepare(admin_url: str, *, database: str, owner_password: str, app_password: str) -> None:
    """Create or correct Steward's four roles and its database; harmless when repeated or done twice at once.

    Raises psycopg.Error when the server refuses.
    """
    roles.apply(admin_url, Wanted(database, owner_password=owner_password, app_password=app_password))


def wanted(app_url: str, owner_url: str) -> Wanted:
    """Return what the two addresses of the settings ask for; one address (or twice the same login) is one login.

    Raises CommandError when they disagree or name no login.
    """
    app, owner = urlsplit(app_url), urlsplit(owner_url or app_url)
    if (app.hostname, app.port, app.path) != (owner.hostname, owner.port, owner.path):
        raise CommandError(
            "DATABASE_URL and DATABASE_OWNER_URL must be two logins of one database: make server and name agree."
        )
    name = unquote(app.path.lstrip("/"))
    if not (name and app.username and owner.username):
        raise CommandError(
            "DATABASE_URL must name login and database: postgresql://steward_app:password@host:5432/steward"
        )
    return Wanted(
        name,
        owner=unquote(owner.username),
        owner_password=unquote(owner.password or ""),
        app=unquote(app.username),
        app_password=unquote(app.password or ""),
    )


def from_settings() -> Wanted:
    """Return what this installation's settings ask for; without DATABASE_URL, the embedded server's two logins."""
    if not settings.DATABASE_URL:
        return Wanted("steward")
    return wanted(settings.DATABASE_URL, settings.DATABASE_OWNER_URL)


def apply(admin_url: str) -> Wanted:
    """Prepare the server of the settings as the administrator of `admin_url`.

    Raises CommandError, with the way out, when the server cannot be reached or refuses.
    """
    asked = from_settings()
    url = admin_url or settings.DATABASE_ADMIN_URL or settings.DATABASE_OWNER_URL or settings.DATABASE_URL
    if not url:
        raise CommandError(unreachable(None))
    try:
        _require_ours(url, asked.database)
        roles.apply(url, asked)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CommandError(
            f"This login may not create roles or databases ({_first_line(error)}): give an administrator's "
            "address with --url, or hand the output of `manage.py database prepare --sql` to whoever runs the server."
        ) from error
    except psycopg.OperationalError as error:
        raise CommandError(unreachable(error)) from error
    except psycopg.Error as error:
        raise CommandError(f"The server refused: {_first_line(error)}") from error
    return asked


def _require_ours(url: str, name: str) -> None:
    """Leave a database alone whose tables are others': its owner and grants would be changed."""
    try:
        found = psycopg.connect(url, dbname=name, connect_timeout=10)
    except psycopg.OperationalError:
        return  # Not there yet, or out of reach: what follows says so.
    with found:
        safeguards.require_ours(safeguards.look(found))


def initialise(*, yes: bool = False, without_backup: str = "") -> str:
    """Bring the database to this version's state and make sure that a root administrator exists.

    A database with data is only changed after a yes and a backup (`portal.kit.safeguards`).
    Returns the JSON object that `root ensure --json` printed ('{}' when there is no such command). What the steps
    print goes to standard error, so that standard output stays one object. Every step is harmless when repeated.
    """
    require_database()
    call_command(
        "migrate",
        interactive=False,
        verbosity=1,
        yes=yes,
        without_backup=without_backup,
        stdout=sys.stderr,
        stderr=sys.stderr,
    )
    there = get_commands()
    for noun, verb in AFTER_MIGRATE:
        if noun in there:
            call_command(noun, verb, stdout=sys.stderr, stderr=sys.stderr)
    if "root" not in there:
        return "{}"
    printed = io.StringIO()
    call_command("root", "ensure", "--json", stdout=printed, stderr=sys.stderr)
    if "developer" in there:
        call_command("developer", "ensure", stdout=sys.stderr, stderr=sys.stderr)
    told = printed.getvalue().strip() or "{}"
    fresh = bool(json.loads(told).get("created"))
    if fresh and settings.DEMO and settings.STEWARD_EMBEDDED and not settings.PRODUCTION and "demo" in there:
        call_command("demo", "load", stdout=sys.stderr, stderr=sys.stderr)  # Only asked for: a job tells it.
    return told


def require_database() -> None:
    """Raise CommandError with one sentence when the database of the settings does not answer.

    The connection is closed again: what forks afterwards must not share it.
    """
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(unreachable(error)) from error
    finally:
        connection.close()


def unreachable(error: BaseException | None) -> str:
    """Return the sentence for a database that does not answer, with the driver's own reason."""
    reason = f" ({_first_line(error)})" if error is not None else ""
    if settings.DATABASE_URL:
        return f"No database{reason}: start the server that DATABASE_URL names, or correct the address."
    return f"No database{reason}: start `make run` here, or set DATABASE_URL."


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
