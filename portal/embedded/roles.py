"""The database roles of Steward as SQL that may run any number of times, on PostgreSQL 15 to 18.

steward_owner owns the database and runs migrations; steward_app serves requests and owns nothing, so row-level
security binds it; steward_platform is entered for platform work by SET ROLE; steward_readonly is for reports.
Tables are granted by migrations, never by default privileges.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER = "steward_owner"
APP = "steward_app"
PLATFORM = "steward_platform"
READONLY = "steward_readonly"
# Two preparations at once would meet in the catalogue ("tuple concurrently updated"); both take this number first.
ADVISORY_LOCK = 7_400_314

Secret = Callable[[str, str], str]


@dataclass(frozen=True)
class Wanted:
    """What to prepare: a database, its owner's login and the login of web, worker and beat (they may be one)."""

    database: str
    owner: str = OWNER
    owner_password: str = ""
    app: str = APP
    app_password: str = ""

    @property
    def one_login(self) -> bool:
        """True when one login does everything and enters steward_app by SET ROLE: a weaker wall."""
        return self.owner == self.app


def name(identifier: str) -> str:
    """Quote an identifier."""
    return sql.Identifier(identifier).as_string()


def text(value: str) -> str:
    """Quote a string literal."""
    return "'" + value.replace("'", "''") + "'" if "\\" not in value else sql.Literal(value).as_string()


def _block(body: str) -> str:
    return f"DO $steward$ BEGIN {body} END $steward$"


def _create(role: str, options: str) -> str:
    # Two clusters' preparations race on the unique index instead of on the name check, hence both conditions.
    create = f"CREATE ROLE {name(role)} {options};"
    return _block(
        f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {text(role)}) THEN BEGIN {create} "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END IF;"
    )


def _correct(role: str, wrong: str, options: str) -> str:
    # Only what is wrong is altered: a DBA who is no superuser may not even repeat NOSUPERUSER.
    return _block(
        f"IF EXISTS (SELECT FROM pg_roles WHERE rolname = {text(role)} AND ({wrong})) "
        f"THEN ALTER ROLE {name(role)} {options}; END IF;"
    )


def _may_enter(member: str, role: str) -> str:
    """Allow `member` to SET ROLE without inheriting; before 16 the member's own NOINHERIT does that."""
    grant = f"GRANT {name(role)} TO {name(member)}"
    return _block(
        "IF current_setting('server_version_num')::int >= 160000 "
        f"THEN EXECUTE {text(grant + ' WITH INHERIT FALSE, SET TRUE')}; ELSE EXECUTE {text(grant)}; END IF;"
    )


def cluster_statements(wanted: Wanted, secret: Secret) -> list[str]:
    """Return the statements for the whole cluster; `secret(role, password)` gives what PASSWORD is set to."""
    powers = "rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication"
    without = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    statements = []
    if not wanted.one_login:
        statements.append(_create(wanted.owner, "LOGIN"))
        statements.append(_correct(wanted.owner, "NOT rolcanlogin", "LOGIN"))
        statements.append(_create(wanted.app, "LOGIN NOINHERIT"))
        statements.append(
            _correct(wanted.app, f"{powers} OR rolinherit OR NOT rolcanlogin", f"LOGIN NOINHERIT {without}")
        )
    for role in (APP, PLATFORM, READONLY):
        if role not in (wanted.app, wanted.owner):
            statements.append(_create(role, "NOLOGIN NOINHERIT"))
            statements.append(_correct(role, f"{powers} OR rolinherit", f"NOINHERIT {without}"))
    statements.append(_may_enter(APP, PLATFORM))
    if wanted.app != APP:
        statements += [_may_enter(wanted.app, APP), _may_enter(wanted.app, PLATFORM)]
    passwords = {wanted.owner: wanted.owner_password, wanted.app: wanted.app_password}
    for role, password in passwords.items():
        if password and not wanted.one_login:
            statements.append(f"ALTER ROLE {name(role)} PASSWORD {text(secret(role, password))}")
    # Creating a database for another role needs membership, which a superuser does not.
    plain = f"current_user <> {text(wanted.owner)} AND NOT rolsuper"
    grant = f"EXECUTE format('GRANT %I TO %I', {text(wanted.owner)}, current_user);"
    found = f"EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND {plain})"
    statements.append(_block(f"IF {found} THEN {grant} END IF;"))
    return statements


def create_database(wanted: Wanted) -> str:
    """Return the statement that creates the database; it cannot run inside a transaction."""
    return f"CREATE DATABASE {name(wanted.database)} OWNER {name(wanted.owner)} ENCODING 'UTF8' TEMPLATE template0"


def database_statements(wanted: Wanted) -> list[str]:
    """Return the statements to run inside the database: everything is closed to PUBLIC, three roles may come in."""
    database = name(wanted.database)
    guests = ", ".join(name(role) for role in dict.fromkeys((APP, PLATFORM, READONLY, wanted.app)))
    return [
        _block(
            f"IF EXISTS (SELECT FROM pg_database WHERE datname = {text(wanted.database)} "
            f"AND pg_get_userbyid(datdba) <> {text(wanted.owner)}) "
            f"THEN ALTER DATABASE {database} OWNER TO {name(wanted.owner)}; END IF;"
        ),
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {guests}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {guests}",
    ]


def script(wanted: Wanted) -> str:
    """Return the whole preparation as a psql script for a DBA, with placeholders for passwords."""
    shown = Wanted(wanted.database, wanted.owner, "set", wanted.app, "set")
    cluster = cluster_statements(shown, lambda role, _: f"<password of {role}>")
    exists = f"SELECT {text(create_database(wanted))} WHERE NOT EXISTS "
    exists += f"(SELECT FROM pg_database WHERE datname = {text(wanted.database)})"
    parts = [
        "-- Run with psql as an administrator of the server; running it again is harmless.",
        *(f"{statement};" for statement in cluster),
        f"{exists} \\gexec",
        f"\\connect {name(wanted.database)}",
        *(f"{statement};" for statement in database_statements(wanted)),
    ]
    return "\n".join(parts) + "\n"


def _run(connection: psycopg.Connection[tuple[object, ...]], statements: list[str]) -> None:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        for statement in statements:
            connection.execute(statement)


def apply(admin_url: str, wanted: Wanted, *, maintenance: str = "postgres") -> None:
    """Create or correct roles and database as the login of `admin_url`, which may be any database of the server.

    Passwords leave this process only as SCRAM verifiers. Raises psycopg.Error when the server refuses.
    """
    with psycopg.connect(admin_url, dbname=maintenance, autocommit=True, connect_timeout=10) as connection:

        def verifier(role: str, password: str) -> str:
            return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()

        _run(connection, cluster_statements(wanted, verifier))
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [wanted.database]).fetchone()
        if there is None:
            # Somebody who prepares at the same time may be first.
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(create_database(wanted))
    with psycopg.connect(admin_url, dbname=wanted.database, autocommit=True, connect_timeout=10) as connection:
        _run(connection, database_statements(wanted))
