"""The door to the ledger: post, reverse, hold, and read what stands on an account.

All of it happens in the caller's transaction, inside its `writing()`: money and the row that it belongs to are there
together or not at all. An error of the database ends that transaction; who wants to go on opens a savepoint before.
"""

from billing.ledger.balances import balance, balance_at, pending
from billing.ledger.chart import AccountRef
from billing.ledger.holds import hold_expire_due, hold_place, hold_post, hold_void
from billing.ledger.posting import Line, Posted, Posting, post, post_many, reverse

__all__ = [
    "AccountRef",
    "Line",
    "Posted",
    "Posting",
    "balance",
    "balance_at",
    "hold_expire_due",
    "hold_place",
    "hold_post",
    "hold_void",
    "pending",
    "post",
    "post_many",
    "reverse",
]
