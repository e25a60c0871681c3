"""`python -m bench.stock_guardian <objects> <people> <seen> <grants> <rounds>`: times of stock guardian, as JSON.

In milliseconds, by kind: `has_perm` of a normal person on one object, and the first fifty of `get_objects_for_user` for
the normal and for the heavy person. Each team sees some objects by its group, each person ten by itself; the normal
person sees `seen` of them in all, the heavy one `grants` by itself. A process of its own, because its settings are
another project's.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

REPEATS = 3  # The fastest of so many counts, since noise only ever adds.


def main(objects: int, people: int, seen: int, grants: int, rounds: int) -> None:
    """Fill the tables, then ask in turn."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.sites.guardian"
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from guardian.shortcuts import get_objects_for_user

    from bench.stock.models import Thing

    call_command("migrate", run_syncdb=True, verbosity=0)
    _fill(objects, people, seen, grants)
    # Types are read with our settings, in which another model is the user.
    normal: Any = User.objects.get(username="person1")
    heavy: Any = User.objects.get(username="person2")
    things: list[Any] = list(Thing._default_manager.order_by("-id")[:REPEATS])

    def page(who: Any) -> Callable[[], object]:
        return lambda: list(get_objects_for_user(who, "stock.view_thing").order_by("-id")[:50])

    kinds: dict[str, Callable[[], object]] = {
        "check": lambda: normal.has_perm("stock.view_thing", things[0]),
        "normal": page(normal),
        "heavy": page(heavy),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, ask in kinds.items():
            best = min(_timed(ask) for _ in range(REPEATS * (20 if name == "check" else 1)))
            if number:  # The first round warms up.
                times[name].append(best * 1000)
    print(json.dumps(times))


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _fill(objects: int, people: int, seen: int, grants: int) -> None:
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from bench.stock.models import Thing

    kind = ContentType.objects.get_for_model(Thing).pk
    right = Permission.objects.get(content_type=kind, codename="view_thing").pk
    teams = max(100, people // 100)
    by_group = max(1, (seen - 10) // 3)
    thing = f"1 + (g * 997 + n * 7919) %% {objects}"
    steps = (
        "INSERT INTO stock_thing (name) SELECT substr(md5(n::text), 1, 12) FROM generate_series(1, %(objects)s) n",
        """INSERT INTO auth_user (username, first_name, last_name, email, password, is_superuser, is_staff, is_active, date_joined)
        SELECT 'person' || n, '', '', '', '', false, false, true, now() FROM generate_series(1, %(people)s) n""",
        "INSERT INTO auth_group (name) SELECT 'team ' || n FROM generate_series(1, %(teams)s) n",
        """INSERT INTO auth_user_groups (user_id, group_id) SELECT u.id, g.id FROM auth_user u, generate_series(1, 3) k
        JOIN auth_group g ON true WHERE g.id = (SELECT min(id) FROM auth_group) + (u.id * 7 + k * 131) %% %(teams)s""",
        f"""INSERT INTO guardian_groupobjectpermission (group_id, permission_id, content_type_id, object_pk)
        SELECT g + (SELECT min(id) FROM auth_group) - 1, %(right)s, %(kind)s, ({thing})::text
        FROM generate_series(1, %(teams)s) g, generate_series(1, %(by_group)s) n ON CONFLICT DO NOTHING""",
        f"""INSERT INTO guardian_userobjectpermission (user_id, permission_id, content_type_id, object_pk)
        SELECT g, %(right)s, %(kind)s, ({thing})::text
        FROM (SELECT id AS g FROM auth_user WHERE username <> 'person2') u, generate_series(1, 10) n
        ON CONFLICT DO NOTHING""",
        """INSERT INTO guardian_userobjectpermission (user_id, permission_id, content_type_id, object_pk)
        SELECT (SELECT id FROM auth_user WHERE username = 'person2'), %(right)s, %(kind)s, (n * (%(objects)s / %(grants)s))::text
        FROM generate_series(1, %(grants)s) n""",
        "ANALYZE",
    )
    values = {
        "objects": objects,
        "people": people,
        "teams": teams,
        "by_group": by_group,
        "grants": grants,
        "kind": kind,
        "right": right,
    }
    with connection.cursor() as cursor:
        for step in steps:
            cursor.execute(step, values)


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:6]))
