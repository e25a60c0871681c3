"""One clean-up in a process of its own, as a worker does it, or the same rows by `QuerySet.delete()`; prints what it cost."""

import json
import os
import resource
import sys
import time
from datetime import timedelta
from typing import Any

import django
import psutil

KEEP = timedelta(days=30)


def declared(kind: str) -> Any:
    """The clean-up of the measured tables."""
    from portal.kit.registry import Cleanup, Partitions, Rows

    how, table = (Partitions("bench_log_drop"), "bench_log") if kind == "partitions" else (Rows(), "bench_parent")
    return Cleanup(
        "bench.old_rows",
        "Old rows",
        "Measured",
        table=table,
        column="at",
        keep=KEEP,
        sample=(("at", "At"),),
        how=how,
        max_share=100,
    )


def clean(kind: str) -> dict[str, float]:
    """Run the job from queue to end; its own busy time, and by how much the process grew."""
    from maintenance import cleaning, runner
    from maintenance.models import JobRun
    from maintenance.services import runs
    from portal.kit import context, registry

    spec = declared(kind)
    registry.cleanups._items[spec.name] = spec
    with context.system("measuring") as current:
        run_id = runs.run_enqueue(cleaning.JOB, actor=current.actor, args={"cleanup": spec.name})
    before = psutil.Process().memory_info().rss / 1024
    began = time.monotonic()
    runner.execute(run_id)
    took = time.monotonic() - began
    grown = max(0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    run = JobRun.objects.get(pk=run_id)
    if run.state != "succeeded" or run.result is None:
        raise RuntimeError(f"The clean-up ended as {run.state}: {run.error}")
    return {
        "busy_ms": run.result["busy_ms"],
        "took_ms": took * 1000,
        "deleted": run.result["deleted"],
        "grown_mb": grown / 1024,
        "batches": run.result["batches"],
    }


def peer() -> dict[str, float]:
    """The same rows by the ORM, which looks for the rows of the child table itself."""
    from django.db import models

    from portal.kit import clock

    # Two tables that belong to no room; the label is of an application that is installed, or nobody finds the child.
    parent = type(
        "BenchParent",
        (models.Model,),
        {
            "id": models.UUIDField(primary_key=True),
            "at": models.DateTimeField(),
            "__module__": __name__,
            "Meta": type("Meta", (), {"app_label": "contenttypes", "db_table": "bench_parent", "managed": False}),
        },
    )
    type(
        "BenchChild",
        (models.Model,),
        {
            "id": models.UUIDField(primary_key=True),
            "parent": models.ForeignKey(parent, on_delete=models.CASCADE),
            "__module__": __name__,
            "Meta": type("Meta", (), {"app_label": "contenttypes", "db_table": "bench_child", "managed": False}),
        },
    )
    before = psutil.Process().memory_info().rss / 1024
    began = time.monotonic()
    rows: Any = parent
    deleted, _by_model = rows.objects.filter(at__lt=clock.now() - KEEP).delete()
    took = (time.monotonic() - began) * 1000
    grown = max(0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    return {"busy_ms": took, "took_ms": took, "deleted": deleted, "grown_mb": grown / 1024, "batches": 1}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.conf.settings")
    django.setup()
    found = peer() if sys.argv[1] == "peer" else clean(sys.argv[1])
    print(json.dumps(found))
