"""The three logins that a restore works with: who may create databases, who owns the tables, whom the portal is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from psycopg import conninfo, sql

from maintenance.backup import tools
from maintenance.errors import NoDatabaseRights

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 10
# A database to stand in while others are made, renamed and dropped; the second for servers without the first.
FOOTHOLDS = ("postgres", "template1")
_POWERS = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"


def live_name() -> str:
    """The name of the database that the portal works on."""
    return str(connection.settings_dict["NAME"])


def owner(database: str) -> dict[str, Any]:
    """How the owner of the tables reaches `database`, in the form of Django's settings."""
    return {**settings.STEWARD_OWNER_DATABASE, "NAME": database}


def portal(database: str) -> dict[str, Any]:
    """How web, worker and beat reach `database`."""
    return {**settings.DATABASES["default"], "NAME": database}


def url(login: dict[str, Any]) -> str:
    """The address of a login, for the environment of a process of ours."""
    name, password, database = (quote(str(login[part]), safe="") for part in ("USER", "PASSWORD", "NAME"))
    names = {"sslmode", "sslrootcert", "sslcert", "sslkey"}
    options = urlencode({key: value for key, value in login["OPTIONS"].items() if key in names})
    host = f"[{login['HOST']}]" if ":" in login["HOST"] else login["HOST"]
    return f"postgresql://{name}:{password}@{host}:{login['PORT']}/{database}" + (f"?{options}" if options else "")


def as_owner(database: str, **options: Any) -> Connection:
    """A connection to `database` as the owner of the tables."""
    return psycopg.connect(**tools.parameters(owner(database)), application_name="steward restore", **options)


@contextmanager
def as_portal(database: str) -> Iterator[Connection]:
    """A connection to `database` as the portal sees it, row-level security included; nothing in it is committed."""
    login = portal(database)
    with psycopg.connect(**tools.parameters(login), application_name="steward restore") as found:
        if role := login["OPTIONS"].get("assume_role"):
            found.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        try:
            yield found
        finally:
            found.rollback()


@contextmanager
def as_admin() -> Iterator[Connection]:
    """A connection, outside of our databases and in autocommit, of a login that may create databases.

    `NoDatabaseRights` with the setting and the grant when neither the administrator nor the owner may.
    """
    refused: list[str] = []
    for setting, parameters in _candidates():
        found = _foothold(parameters, refused)
        if found is None:
            continue
        with found:
            row = found.execute(_POWERS).fetchone()
            if row is not None and row[0]:
                yield found
                return
            refused.append(_("the login of %(setting)s may not create databases") % {"setting": setting})
    raise NoDatabaseRights(
        _(
            "A restore needs a login that may create databases (%(why)s). Set DATABASE_ADMIN_URL to one, or have an "
            "administrator of the server run: ALTER ROLE %(owner)s CREATEDB. Nothing was changed."
        )
        % {"why": "; ".join(refused) or _("none is set"), "owner": settings.STEWARD_OWNER_DATABASE["USER"]}
    )


def _candidates() -> Iterator[tuple[str, dict[str, Any]]]:
    if settings.DATABASE_ADMIN_URL:
        yield "DATABASE_ADMIN_URL", conninfo.conninfo_to_dict(settings.DATABASE_ADMIN_URL)
    yield "DATABASE_OWNER_URL", tools.parameters(owner(FOOTHOLDS[0]))


def _foothold(parameters: dict[str, Any], refused: list[str]) -> Connection | None:
    why = ""
    for database in FOOTHOLDS:
        try:
            return psycopg.connect(
                **{**parameters, "dbname": database, "connect_timeout": CONNECT_SECONDS}, autocommit=True
            )
        except psycopg.OperationalError as error:
            why = str(error).strip().splitlines()[0][:200]
    refused.append(why)
    return None
