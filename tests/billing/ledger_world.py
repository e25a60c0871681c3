"""Postings for tests of the ledger."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from billing.ledger import AccountRef, Line, Posted, Posting, post, post_many
from billing.ledger.chart import bank, income
from portal.kit import context
from portal.kit.services import writing

_keys = count(1)
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB = UUID("01900000-0000-7000-8000-00000000000a"), UUID("01900000-0000-7000-8000-00000000000b")


def posting(*lines: tuple[AccountRef, int] | Line, **values: Any) -> Posting:
    """A posting of these lines, with a key of its own."""
    made = [line if isinstance(line, Line) else Line(*line) for line in lines]
    return Posting(
        **{
            "key": f"test:{next(_keys)}",
            "event_at": DAY,
            "kind": "test",
            "description": "A test",
            "lines": made,
            **values,
        }
    )


def posted(*lines: tuple[AccountRef, int] | Line, **values: Any) -> Posted:
    """The same, posted by the system."""
    with context.system("a test"), writing():
        return post(posting(*lines, **values))


def posted_all(postings: Sequence[Posting]) -> list[Posted]:
    """Many in one call."""
    with context.system("a test"), writing():
        return post_many(postings)


def sale(amount: int = 1000, currency: str = "EUR", **values: Any) -> Posted:
    """Money from a bank account to income."""
    return posted((bank("main", currency), amount), (income("subscription", currency), -amount), **values)
