"""`python -m tests.faults.part worker|beat|web`: a real part of Steward that knows the jobs of the fault tests.

- `effect` writes `args["steps"]` rows, one a batch, and keeps a cursor; row n of a run can be written twice, so that a
  test sees it when that happens. While the file `args["hold"]` is there it waits, inside or (`"outside": true`) between
  batches.
- `silent` writes no batch at all and waits for the file to go.
"""

import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EFFECT, SILENT = "maintenance.make_effect", "maintenance.keep_silent"
TABLE = """
CREATE TABLE fault_effect (run uuid, step int, pid int, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT, SELECT ON fault_effect TO steward_app, steward_platform
"""


def declare() -> None:
    """Put the jobs beside the registered ones; here and in the test's own process, which enqueues them."""
    from django.db import connection

    from portal.kit import registry
    from portal.kit.registry import Job, Run

    def wait(run: Run) -> None:
        while run.args.get("hold") and Path(run.args["hold"]).exists():
            select.select([], [], [], 0.02)

    def make_effect(run: Run) -> Mapping[str, Any]:
        steps, outside = int(run.args.get("steps", 1)), bool(run.args.get("outside"))
        start = int(run.cursor or 0)
        for step in range(start, steps):
            with run.batch():
                with connection.cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO fault_effect (run, step, pid) VALUES (%s, %s, %s)",
                        [run.args["mark"], step, os.getpid()],
                    )
                run.cursor = step + 1
                run.progress(step + 1, steps)
                if not outside and step >= int(run.args.get("hold_at", 0)):
                    wait(run)
            if outside and step >= int(run.args.get("hold_at", 0)):
                wait(run)
        return {"steps": steps}

    def keep_silent(run: Run) -> Mapping[str, Any]:
        with run.batch():
            run.phase("Waiting")
        wait(run)
        return {}

    for name, function in ((EFFECT, make_effect), (SILENT, keep_silent)):
        registry.jobs._items[name] = Job(name, name, function, permission="job:admin")


def main(kind: str) -> None:
    """Run the part until it is told to stop."""
    import django

    django.setup()
    from portal.kit import serve

    declare()
    {"worker": serve.worker, "beat": serve.beat, "web": serve.web}[kind]()


if __name__ == "__main__":
    main(sys.argv[1])
