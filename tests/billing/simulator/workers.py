"""The workers of a simulation: queued runs in any order, webhooks that come twice, and workers that die at a commit."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

from billing.services.sandbox import webhook_deliver
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.services import writing
from tests.billing.simulator.world import Sim

DELIVER = "billing.deliver_sandbox_webhook"


class _Died(BaseException):
    """A worker is no more; nothing that it was about to do happens."""


def work(sim: Sim) -> None:
    """Let the workers do what is queued and due, in any order, and the provider send some webhooks twice."""
    for _ in range(400):
        rows = JobRun.objects.filter(state="queued", run_at__lte=clock.now(), name__startswith="billing.")
        waiting = list(rows.order_by("queued_at", "name", "key")[:8])
        if not waiting:
            return
        chosen = sim.chance.choice(waiting)
        # Once only: a run whose worker dies each time is given up, as it should be.
        if chosen.pk not in sim.killed and sim.chance.random() < 0.08:
            _killed(sim, chosen)
        runner.execute(chosen.pk)
        run = JobRun.objects.get(pk=chosen.pk)
        if run.error:
            raise AssertionError(f"{run.name} {run.args}: {run.error} {run.log}")
        if run.name == DELIVER and sim.chance.random() < 0.3:
            args = run.args
            with context.system("a provider"):
                webhook_deliver(account_id=args["account"], event=args["event"], kind=args["kind"], data=args["data"])
            sim.note(f"webhook {args['kind']} came twice")
    raise AssertionError("The queue is never empty.")


def _killed(sim: Sim, run: JobRun) -> None:
    """A worker dies over a run, at one of its commits; the lease runs out, and another may take the run."""
    sim.killed.add(run.pk)
    border, committed = sim.chance.choice([1, 1, 1, 2, 3]), sim.chance.random() < 0.5
    with suppress(_Died), dying(border, committed=committed):
        runner.execute(run.pk)
    if JobRun.objects.filter(pk=run.pk, state="running").exists():
        lease_runs_out(run.pk)
        sim.counts["killed"] = sim.counts.get("killed", 0) + 1
        sim.note(f"a worker dies over {run.name} {'after' if committed else 'before'} its commit {border}")


@contextmanager
def dying(border: int, *, committed: bool) -> Iterator[None]:
    """In the block, a worker dies at the commit of a run with this number, just before it or just after."""
    kept, number = runner.Handle.batch, 0

    @contextmanager
    def batch(self: runner.Handle) -> Iterator[None]:
        nonlocal number
        number += 1
        dies = number == border
        with kept(self):
            yield
            if dies and not committed:
                raise _Died
        if dies:
            raise _Died

    with patch.object(runner.Handle, "batch", batch):
        yield


def lease_runs_out(run_id: UUID) -> None:
    """Nobody extends the lease of a run any more."""
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run_id).update(lease_until=clock.now() - timedelta(days=3650))
