"""What the database refuses, as errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from billing.errors import ledger as errors
from portal.kit.errors import StewardError

# States of our own class "SL" (steward ledger); the functions of the migration raise them.
STATES: dict[str, type[StewardError]] = {
    "SL001": errors.KeyConflict,
    "SL002": errors.PeriodClosed,
    "SL003": errors.Unbalanced,
    "SL004": errors.BooksMixed,
    "SL005": errors.LineInvalid,
    "SL006": errors.HoldUnknown,
    "SL007": errors.HoldEnded,
    "SL008": errors.HoldExceeded,
    "SL010": errors.NotClosed,
    "SL011": errors.ClosedAlready,
}
CONSTRAINTS: dict[str, type[StewardError]] = {
    "billing_ledger_balance_floor": errors.Overdrawn,
    "billing_ledger_balance_ceiling": errors.Overdrawn,
    "billing_journal_reverses_id_key": errors.ReversedAlready,
    "billing_ledger_account_path": errors.LineInvalid,
    "billing_ledger_account_kind": errors.LineInvalid,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal of the ledger's functions into its typed error; other faults pass."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        state = getattr(cause, "sqlstate", None) or ""
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
        found = STATES.get(state) or CONSTRAINTS.get(constraint)
        if found is None:
            raise
        raise found from error
