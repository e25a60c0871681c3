"""`python -m bench.stock_admin <people> <rounds>`: times of the stock admin's list of users, as JSON on standard output.

A process of its own, because its settings are another project's.
"""

import json
import os
import sys
import time
from typing import Any

import django

REPEATS = 2  # The faster of two counts, since noise only ever adds; more would take minutes here.
FILL = """
INSERT INTO auth_user (username, first_name, last_name, email, password, is_superuser, is_staff, is_active, date_joined)
SELECT 'person' || n, (ARRAY['Ada','Bruno','Chiara','Dmitri','Elif','Farid','Greta','Hana'])[1 + n %% 8],
    (ARRAY['Lindqvist','Novak','Varga','Silva','Mensah','Petrov','Tanaka'])[1 + n %% 7] || n,
    'person' || n || '@example.com', '', false, false, n %% 10 <> 0, now() - n * interval '1 second'
FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING
"""


def main(people: int, rounds: int) -> None:
    """Fill the table, then ask for the same four pages in turn."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.sites.admin"
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    call_command("migrate", verbosity=0)
    staff, _made = User.objects.get_or_create(username="staff", is_superuser=True, is_staff=True)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [people])
        cursor.execute("ANALYZE auth_user")
    client = Client(headers={"host": "127.0.0.1"})
    account: Any = staff  # Types are read with our settings, in which another model is the user.
    client.force_login(account)
    last = (people + 1 + 99) // 100
    pages = {
        "first": "/admin/auth/user/",
        "deep": f"/admin/auth/user/?p={last}",
        "search": f"/admin/auth/user/?q=person{people - 7}@example.com",
        "filter": "/admin/auth/user/?is_active__exact=0",
    }
    times: dict[str, list[float]] = {name: [] for name in pages}
    for round_number in range(rounds + 1):
        for name, page in pages.items():
            best = float("inf")
            for _ in range(REPEATS):
                began = time.perf_counter()
                reply = client.get(page)
                best = min(best, time.perf_counter() - began)
                if reply.status_code != 200:
                    raise RuntimeError(f"{page} answered {reply.status_code}")
            if round_number:  # The first round warms up.
                times[name].append(best * 1000)
    print(json.dumps(times))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
