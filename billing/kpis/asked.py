"""One way to ask the database for a number of a span."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.db import connection

from portal.kit.kpis import Figure, Part, Span, ratio

MOST_PARTS = 200  # Customers of a drill-down; the largest come first.


def values_of(span: Span) -> dict[str, Any]:
    """The span as the statements of this package name it."""
    return {"start": span.start, "end": span.end, "currency": span.currency, "most": MOST_PARTS}


def row_of(statement: str, span: Span) -> tuple[Any, ...]:
    """The one row of a statement about a span."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values_of(span))
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def parts_asked(statement: str, span: Span) -> Sequence[Part]:
    """Parts of a figure: label, organisation (or None) and value begin each row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values_of(span))
        return [Part(str(row[0]), Fraction(row[2]), row[1]) for row in cursor.fetchall()]


def count_asked(statement: str, span: Span) -> Figure:
    """The one number of a statement."""
    return Figure(Fraction(int(row_of(statement, span)[0])))


def share_asked(statement: str, span: Span, none: str) -> Figure:
    """The first of two numbers of a statement as a share of the second; `none` says why there is no second."""
    some, everything = row_of(statement, span)
    return ratio(some, everything, none=none)
