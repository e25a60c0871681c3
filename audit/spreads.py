"""How long requests took, as counts by steps of 5 %: small, exact to add up, and percentiles to within 5 %. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

STEP = 1.05
# The step of a duration in milliseconds, as PostgreSQL computes it; what is shorter than 0.1 ms counts as that.
STEP_SQL = f"ceil(ln(greatest(duration_ms, 0.1)) / {math.log(STEP)!r})::int"
Spread = Mapping[str, int]


def added(spreads: Iterable[Spread]) -> Counter[int]:
    """All of them together."""
    found: Counter[int] = Counter()
    for spread in spreads:
        for step, number in spread.items():
            found[int(step)] += number
    return found


def percentile(spread: Mapping[int, int], share: Fraction) -> Fraction | None:
    """How long the quickest `share` (0 to 1) of the requests took at most, in seconds; None of none.

    The upper end of the step, so never less than it was and at most 5 % more.
    """
    total = sum(spread.values())
    below = 0
    for step in sorted(spread):
        below += spread[step]
        if below >= total * share:
            return Fraction(round(STEP**step * 1000), 1_000_000)
    return None
