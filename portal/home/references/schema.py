"""docs/schema.md: every table of ours with its columns, constraints, triggers and wall, made of models and migrations."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from portal.home.references.tables import NAMES, ROOMS, generated, plain, table

_HEAD = """# Database schema

Each table belongs to one room, which alone writes it, in its services. Keys are UUIDv7, times `timestamptz`, money whole minor units.

- **Wall**: row-level security shows a transaction the rows of its own organisation alone
  ([architecture](architecture.md#the-wall-between-organisations)).
- **Evidence**: *event*, each change of a row is an event of the trail; *summary*, one event tells of many rows; else the reason why no
  event is needed.
- **Triggers** hold what a constraint cannot say: rows that never change, sums that balance, states that follow one another.
- The application's role owns nothing; it holds on each table what its migration grants.

"""
_TRIGGER = re.compile(r'CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER "?(\w+)"?\s[^;]*?\sON\s+"?(\w+)', re.S)
_DROPPED = re.compile(r'DROP TRIGGER (?:IF EXISTS )?"?(\w+)"? ON "?(\w+)')
_WALLED = re.compile(r'ALTER TABLE "?(\w+)"? ENABLE ROW LEVEL SECURITY')


def text() -> str:
    """The page."""
    parts = [_HEAD, generated("schema")]
    for room in ROOMS:
        found = list(tables_of(room))
        if found:
            parts.append(f"\n## {NAMES[room]}\n")
            parts += [_table(model) for model in found]
    return "".join(parts)


def tables_of(room: str) -> Iterator[type[models.Model]]:
    """The models of a room that are tables of their own, by the name of the table."""
    if apps.is_installed(_package(room)):
        ordered = sorted(apps.get_app_config(room).get_models(), key=lambda model: model._meta.db_table)
        yield from (model for model in ordered if not model._meta.proxy and model._meta.managed)


def _package(room: str) -> str:
    return f"portal.{room}" if room in {"kit", "home"} else room


def _table(model: type[models.Model]) -> str:
    name = model._meta.db_table
    facts = [f"model `{model._meta.label}`", _evidence(model)]
    facts += ["behind the wall"] if name in walled() else []
    parts = [f"\n### {name}\n\n{_words(model)}\n\n", "; ".join(facts) + ".\n\n"]
    parts.append(table(("column", "type", "refers to"), [_column(field) for field in model._meta.concrete_fields]))
    rules = [*_uniques(model), *(f"`{one.name}`: {_rule(model, one)}" for one in model._meta.constraints)]
    rules += [f"trigger `{trigger}`" for trigger in sorted(triggers()[name])]
    return "".join(parts) + ("\n" + "".join(f"- {rule}\n" for rule in rules) if rules else "")


def _words(model: type[models.Model]) -> str:
    return "\n\n".join(plain(" ".join(part.split())) for part in (model.__doc__ or "").strip().split("\n\n"))


def _evidence(model: type[models.Model]) -> str:
    evidence: Any = getattr(model, "evidence", None)
    if evidence is None:
        return "evidence: of the framework"
    if evidence.kind != "none":
        return f"evidence: {evidence.kind}"
    return f"no evidence: {plain(evidence.reason[:1].lower() + evidence.reason[1:]).rstrip('.')}"


def _column(field: Any) -> tuple[str, str, str]:
    kind = str(field.db_type(connection)) + ("" if field.null or field.primary_key else " not null")
    refers = field.related_model._meta.db_table if field.related_model is not None else ""
    return f"`{field.column}`" + (" (key)" if field.primary_key else ""), kind, f"`{refers}`" if refers else ""


def _uniques(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key:
            yield f"`{field.column}` is unique"


def _rule(model: type[models.Model], constraint: models.BaseConstraint) -> str:
    known: Any = constraint  # What makes its SQL is no part of Django's public face.
    editor: Any = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    if isinstance(constraint, models.CheckConstraint):
        return f"check `{_short(known._get_check_sql(model, editor))}`"
    if isinstance(constraint, models.UniqueConstraint):
        what = [str(one) for one in known.expressions] or list(known.fields)
        condition = known._get_condition_sql(model, editor)
        return f"unique {', '.join(f'`{one}`' for one in what)}" + (
            f" where `{_short(condition)}`" if condition else ""
        )
    return "exclusion"


def _short(sql: object) -> str:
    return re.sub(r'"(\w+)"', r"\1", re.sub(r'"\w+"\.', "", str(sql))).replace("`", "'")


@cache
def walled() -> frozenset[str]:
    """The tables on which a migration puts row-level security."""
    return frozenset(name for sql in _statements() for name in _WALLED.findall(sql))


@cache
def triggers() -> dict[str, set[str]]:
    """The triggers of migrations by table."""
    found: dict[str, set[str]] = defaultdict(set)
    for sql in _statements():
        for name, on in _DROPPED.findall(sql):
            found[on].discard(name)
        for name, on in _TRIGGER.findall(sql):
            found[on].add(name)
    return found


def _statements() -> Iterator[str]:
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    for key in sorted(disk):
        for operation in disk[key].operations:
            yield from _statements_of(operation)


def _statements_of(operation: Any) -> Iterator[str]:
    for inner in getattr(operation, "database_operations", ()):
        yield from _statements_of(inner)
    if isinstance(operation, migrations.RunSQL):
        yield from _texts(operation.sql)


def _texts(sql: Any) -> Iterator[str]:
    if isinstance(sql, str):
        yield sql
    else:
        yield from (one if isinstance(one, str) else one[0] for one in sql)
