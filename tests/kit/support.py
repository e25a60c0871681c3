"""Statements and looks of the tests of the database backend."""

from typing import cast
from uuid import uuid4

import psycopg
from django.db import connection, connections

from portal.kit.postgres.base import DatabaseWrapper, Statement
from portal.kit.services import writing

Observer = psycopg.Connection[tuple[object, ...]]
ONE = Statement("SELECT $1::int4 + 1")
INSERT = Statement(
    "INSERT INTO accounts_organisation (id, slug, name, state, created_at) VALUES ($1::uuid, $2, $2, 'active', now())"
)
COUNT = Statement("SELECT count(*) FROM accounts_organisation WHERE slug = convert_from($1::bytea, 'utf8')")


def database() -> DatabaseWrapper:
    connection.ensure_connection()
    return cast(DatabaseWrapper, connections["default"])


def one(number: int = 1) -> int:
    row = database().first_row(ONE, [number.to_bytes(4)])
    assert row is not None
    assert row[0] is not None
    return int.from_bytes(row[0])


def number(slug: str) -> int:
    row = database().first_row(COUNT, [slug.encode()])
    assert row is not None
    assert row[0] is not None
    return int.from_bytes(row[0])


def add(slug: str) -> None:
    with writing():
        database().write(INSERT, [str(uuid4()), slug])


def activity(observer: Observer) -> tuple[object, ...] | None:
    inner = database().connection
    return observer.execute(
        "SELECT state, query_start, xact_start FROM pg_stat_activity WHERE pid = %s", [inner.info.backend_pid]
    ).fetchone()
