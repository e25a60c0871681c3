"""Readers for the copy of a person's data: rows of a model that are about the person."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.apps import apps

CHUNK = 500  # Rows in hand at a time: a copy is flat in memory, whatever its size.
Reader = Callable[[UUID], Iterator[Mapping[str, Any]]]


def rows_of(model: str, by: str, *columns: str) -> Reader:
    """A reader of the `columns` of the rows of `model` whose field `by` is the person, oldest first.

    Columns are named one by one: what a table learns later does not leave with the next copy unseen.
    """

    def read(person: UUID) -> Iterator[Mapping[str, Any]]:
        rows = apps.get_model(model)._base_manager.filter(**{by: person})
        yield from rows.order_by("pk").values(*columns).iterator(chunk_size=CHUNK)

    return read
