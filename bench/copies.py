"""One organisation, made by the services, copied many times by SQL: every row that names it or what belongs to it, with ids
of its own. What a service wrote once is so there a hundred thousand times, with the same indexes, in a minute or two."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
STEP = 10_000  # Copies of one statement.
Database = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Pattern:
    """The rows to copy: by table, each a mapping of its columns to their text. `ids` are all that become new."""

    rows: Mapping[str, Sequence[Mapping[str, str]]]
    columns: Mapping[str, Mapping[str, str]]
    ids: frozenset[str]
    overrides: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{len(rows)} {name}" for name, rows in sorted(self.rows.items()))


def pattern(
    database: Database,
    organisation: UUID,
    *,
    without: frozenset[str],
    whole: frozenset[str],
    overrides: Mapping[tuple[str, str], str],
) -> Pattern:
    """All rows about an organisation, wherever they stand: those that hold its id, then those that hold an id of these, and
    so on. `without`: tables that are not copied. `whole`: tables of which every row is.
    `overrides`: an expression over `n` for a column where a copy needs an own text (unique names and numbers)."""
    names = [name for name in _tables(database) if name not in without]
    shapes = {name: _columns(database, name) for name in names}
    ids, found = {str(organisation)}, dict[str, dict[tuple[str | None, ...], None]]()
    fresh = set(ids)
    while fresh:
        forms = "|".join(sorted(fresh | {one.replace("-", "") for one in fresh}))
        fresh = set()
        for name, columns in shapes.items():
            for row in _holding(database, name, columns, "" if name in whole else forms):
                if row not in found.setdefault(name, {}):
                    found[name][row] = None
                    own = row[list(columns).index("id")] if "id" in columns else None
                    fresh |= {own} if own and UUID_FORM.fullmatch(own) and own not in ids else set()
        ids |= fresh
    rows = {
        name: [{c: value for c, value in zip(shapes[name], row, strict=True) if value is not None} for row in some]
        for name, some in found.items()
        if some
    }
    return Pattern(rows, shapes, frozenset(ids), overrides)


def copy(database: Database, of: Pattern, number: int, *, then: str = "") -> None:
    """`number` copies, by somebody who may leave triggers and references aside, and a statement in the same way. Statistics
    are up to date afterwards."""
    database.execute("SET session_replication_role = replica")
    try:
        for first in range(1, number + 1, STEP):
            for name, rows in of.rows.items():
                for row in rows:
                    _insert(database, of, name, row, (first, min(first + STEP - 1, number)))
        if then:
            database.execute(then.encode())
    finally:
        database.execute("SET session_replication_role = DEFAULT")
    database.execute("VACUUM ANALYZE")


def _tables(database: Database) -> list[str]:
    """Tables of ours; of a partitioned one the whole."""
    found = database.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition AND relname NOT LIKE 'bench%' ORDER BY 1"
    ).fetchall()
    return [name for (name,) in found]


def _columns(database: Database, name: str) -> dict[str, str]:
    """Columns with their types, without those that the database fills: counted and computed ones."""
    found = database.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass "
        "AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '' ORDER BY attnum",
        [name],
    ).fetchall()
    return dict(found)


def _holding(database: Database, name: str, columns: Mapping[str, str], forms: str) -> list[tuple[str | None, ...]]:
    """The rows that hold one of the ids, every column as PostgreSQL writes it."""
    parts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
    statement = sql.SQL("SELECT {} FROM {} t WHERE t::text ~ %s").format(parts, sql.Identifier(name))
    return database.execute(statement, [forms]).fetchall()


def _insert(database: Database, of: Pattern, name: str, row: Mapping[str, str], copies: tuple[int, int]) -> None:
    values = []
    for column, text in row.items():
        own = of.overrides.get((name, column))
        values.append(own if own is not None else _expression(text, of.ids))
    cast = ", ".join(f"({value})::{of.columns[name][column]}" for column, value in zip(row, values, strict=True))
    columns = ", ".join(f'"{column}"' for column in row)
    statement = (
        f'INSERT INTO "{name}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {cast} '
        f"FROM (SELECT n, lpad(to_hex(n), 6, '0') AS h FROM generate_series({copies[0]}, {copies[1]}) n) AS c"
    )
    database.execute(statement.encode())


def _expression(text: str, ids: frozenset[str]) -> str:
    """A text with each id in it replaced by that of the copy: the same time, the number of the copy, the same tail, so that
    ids stay in their month and come in order."""
    forms = dict.fromkeys(ids, True) | {one.replace("-", ""): False for one in ids}
    parts: list[str] = []
    rest = 0
    for found in re.finditer("|".join(sorted(forms)), text):
        if found.start() > rest:
            parts.append(_literal(text[rest : found.start()]))
        parts.append(_own(found[0], dashed=forms[found[0]]))
        rest = found.end()
    if rest < len(text) or not parts:
        parts.append(_literal(text[rest:]))
    return " || ".join(parts)


def _own(one: str, *, dashed: bool) -> str:
    plain = one.replace("-", "")
    mark = "-" if dashed else ""
    head = f"{plain[:8]}{mark}{plain[8:12]}{mark}7"
    return f"'{head}' || substr(h, 1, 3) || '{mark}8' || substr(h, 4, 3) || '{mark}{plain[20:]}'"


def _literal(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{quoted}'"
