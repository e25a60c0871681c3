"""Many at once, for real: workers that earn the same days while staff takes back what they earn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from django.db import connections
from pytest_django import DjangoDbBlocker

from billing.services import revenue
from portal.kit import clock, context
from tests.billing.document_world import buyer, final
from tests.billing.test_credit_notes import note
from tests.billing.test_revenue import MARCH, books, month, ties

WORKERS = 8


def test_many_workers_at_once_earn_each_day_once(
    own_database: dict[str, str], django_db_blocker: DjangoDbBlocker
) -> None:
    with clock.at(MARCH + timedelta(hours=9)):
        invoices = [final(buyer(), month(3100)) for _ in range(4)]
    ready = Barrier(WORKERS)

    def work(number: int) -> Any:
        with django_db_blocker.unblock(), clock.at(MARCH + timedelta(days=6, hours=1)):
            ready.wait(30)
            try:
                if number < len(invoices):  # Somebody takes back meanwhile what the others earn.
                    return note(invoices[number], 310).total
                with context.system("a worker"):
                    while (day := revenue.first_day_due()) is not None:
                        revenue.day_earn(day=day)
            except Exception as error:  # noqa: BLE001 - the test looks at what came
                return error
            finally:
                connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        assert set(pool.map(work, range(WORKERS))) <= {None, 310}
    assert books() == (4 * (3100 - 600 - 310), 4 * 600)
    assert ties()
