"""`python -m bench.ledger_peer <accounts> <writers> <seconds>`: django-hordak's posts a second, once for each line read.

A process of its own, because its settings are another project's. Each post is `transfer_to` in a transaction of its own,
by threads with a connection each, between accounts by chance.
"""

import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django


def main(accounts: int, writers: int, seconds: float) -> None:
    """Fill and measure."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.sites.hordak"
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from hordak.models import Account
    from moneyed import Money

    call_command("migrate", verbosity=0)
    made: list[Any] = [
        Account.objects.create(name=f"a{n}", code=f"{n}", type="AS", currencies=["EUR"]) for n in range(accounts)
    ]

    def write(number: int) -> int:
        chance, until, count = random.Random(number), time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            one, other = chance.sample(made, 2)
            one.transfer_to(other, Money(10, "EUR"))
            count += 1
        connection.close()
        return count

    print("ready", flush=True)
    for _line in sys.stdin:
        with ThreadPoolExecutor(writers) as pool:
            print(sum(pool.map(write, range(writers))) / seconds, flush=True)


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:]))
