"""Renewals that really race, on a database of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from billing.models import NumberSeries
from billing.services.subscription_steps import subscription_step
from portal.kit import clock, context
from portal.kit.services import writing
from tests.billing.subscription_world import amounts, buyer, on, plan, subscribed, totals

WORKERS = 20


def test_h13_twenty_workers_renew_one_subscription_at_once(own_database: dict[str, str]) -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    together = Barrier(WORKERS)

    def renew(_number: int) -> int:
        try:
            with clock.at(on("2024-05-01")), context.system("a worker") as current:
                together.wait()
                return subscription_step(actor=current.actor, subscription=subscription, until=on("2024-05-01"))
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        done = sorted(pool.map(renew, range(WORKERS)))
    assert done == [0] * (WORKERS - 1) + [1]
    with context.system("a test"), writing():
        assert (totals(subscription), amounts(subscription)) == ([1000, 1000], [1000, 1000])
        assert NumberSeries.objects.get(kind="invoice").last == 2
