"""The states of a subscription and the moves between them: the one table, which a trigger of the database has as well."""

from collections.abc import Mapping

from billing.models import Subscription

_S = Subscription.State

MOVES: Mapping[str, frozenset[str]] = {
    _S.INCOMPLETE: frozenset({_S.TRIALING, _S.ACTIVE, _S.INCOMPLETE_EXPIRED, _S.CANCELLED}),
    _S.TRIALING: frozenset({_S.ACTIVE, _S.PAST_DUE, _S.PAUSED, _S.CANCELLED}),
    _S.ACTIVE: frozenset({_S.TRIALING, _S.PAST_DUE, _S.UNPAID, _S.PAUSED, _S.CANCELLED}),
    _S.PAST_DUE: frozenset({_S.ACTIVE, _S.UNPAID, _S.PAUSED, _S.CANCELLED}),
    _S.UNPAID: frozenset({_S.ACTIVE, _S.PAST_DUE, _S.PAUSED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.TRIALING, _S.ACTIVE, _S.PAST_DUE, _S.UNPAID, _S.CANCELLED}),
    _S.CANCELLED: frozenset(),
    _S.INCOMPLETE_EXPIRED: frozenset(),
}
FIRST = frozenset({_S.INCOMPLETE, _S.TRIALING, _S.ACTIVE})
ENDED = frozenset({_S.CANCELLED, _S.INCOMPLETE_EXPIRED})
OPEN = frozenset(MOVES) - ENDED
BILLED = frozenset({_S.ACTIVE, _S.PAST_DUE, _S.UNPAID})  # Also who does not pay owes; `unpaid` is not collected.
VALUED = frozenset({_S.ACTIVE, _S.PAST_DUE})  # metrics.md: what counts as monthly recurring revenue.
CHANGEABLE = frozenset({_S.TRIALING, _S.ACTIVE, _S.PAST_DUE})


def may_move(before: str, after: str) -> bool:
    """Whether a subscription in `before` may become `after`."""
    return after in MOVES[before]
