"""Random life of customers, day by day: whatever they do, the books hold. See `tests.billing.simulator`.

STEWARD_TEST_SEED runs one seed again; a failure prints its own.
"""

import os
import secrets

import pytest

from tests.billing.simulator.running import simulate

pytestmark = pytest.mark.usefixtures("own_database", "quiet_broker")
AGAIN = int(os.environ.get("STEWARD_TEST_SEED", "0"))
YEARS = [AGAIN] if AGAIN else [secrets.randbelow(2**31) for _year in range(6)]


@pytest.mark.parametrize("seed", [AGAIN] if AGAIN else [13, 14])
def test_weeks_of_five_customers_keep_the_books_right(seed: int) -> None:
    sim = simulate(seed, customers=5, days=20)
    assert sim.counts["sign_up"] >= 1


@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(YEARS)))
def test_years_of_customers_keep_the_books_right(number: int) -> None:
    sim = simulate(YEARS[number], customers=5, days=365, busy=3)
    assert {"sign_up", "use", "checkout", "killed"} <= set(sim.counts)
