"""Rows of lists as JSON from the database: to make values of them only to write them down again costs more than all else.

An item of 50 rows with two times and an id each costs less so than `.values()` alone (see docs/benchmarks.md).
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import orjson
from django.db.models import DateTimeField, Expression, Model, QuerySet, TextField
from django.db.models.query import ValuesListIterable

from portal.kit.api.money import Amount

M = TypeVar("M", bound=Model)
# RFC 3339 in UTC with Z, as everywhere in the API.
_TIME = "to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


class Row(NamedTuple):
    """A row: what a cursor names, and its JSON."""

    pk: UUID
    text: str

    @property
    def body(self) -> orjson.Fragment:
        """The item of the reply."""
        return orjson.Fragment(self.text)


class _Json(Expression):
    """An object of columns of the row's own table, as text."""

    def __init__(self, model: type[Model], names: tuple[str | Amount, ...]) -> None:
        super().__init__(output_field=TextField())
        self.model, self.names = model, names

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """json_build_object over the columns; names are those of fields, never a caller's."""
        return _object(self.model, self.names, connection.ops.quote_name(compiler.query.get_initial_alias())), ()


@lru_cache(maxsize=256)
def _object(model: type[Model], names: tuple[str | Amount, ...], alias: str) -> str:
    parts = []
    for name in names:
        if isinstance(name, Amount):
            amount, currency = (_column(model, one, alias)[0] for one in (name.name, name.currency))
            parts.append(f"'{name.name}', json_build_object('amount', {amount}, 'currency', {currency})")
        else:
            column, field = _column(model, name, alias)
            parts.append(f"'{name}', {_TIME.format(column=column) if isinstance(field, DateTimeField) else column}")
    return f"json_build_object({', '.join(parts)})::text"


def _column(model: type[Model], name: str, alias: str) -> tuple[str, Any]:
    field: Any = model._meta.get_field(name)
    return f'{alias}."{field.column}"', field


class _Rows(ValuesListIterable):  # type: ignore[type-arg] # not generic at run time
    def __iter__(self) -> Iterator[Row]:
        return map(Row._make, super().__iter__())


def as_json(rows: QuerySet[M], *names: str | Amount) -> QuerySet[M]:
    """`rows`, whose items are `Row`s with these fields of their own table. For the pager they still look like rows."""
    plain: Any = rows.values_list("pk", _Json(rows.model, names))
    plain._iterable_class = _Rows
    return cast(QuerySet[M], plain)
