"""Counting without counting everything: up to a bound, many counts in one statement."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import formats

BOUND = 1_000  # Beyond it nobody reads the digits; a count that goes on would cost more than the page.


def capped(rows: Sequence[QuerySet[Any]], bound: int = BOUND) -> list[int]:
    """How many rows each has, at most `bound` + 1; one statement for all."""
    parts: list[str] = []
    params: list[Any] = []
    for each in rows:
        try:
            sql, values = _columns(each.order_by())[: bound + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
        else:
            parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608 - the statement is Django's own
            params += values
    if not params and set(parts) <= {"0"}:
        return [0 for _part in parts]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        row = cursor.fetchone()
    return [int(number) for number in row or ()]


def _columns(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if rows.query.values_select else rows.values("pk")


def text(number: int, bound: int = BOUND, *, at_least: bool = False) -> str:
    """The number with its digit groups; "1,000+" beyond the bound, "412+" for at least so many."""
    shown = formats.number_format(min(number, bound), use_l10n=True, force_grouping=True)
    return f"{shown}+" if number > bound or at_least else shown
