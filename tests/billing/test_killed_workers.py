"""Workers that die in the middle of renewing and charging, for real: every period is billed once, nobody charged twice."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection

from billing import proof
from billing.ledger import checks
from billing.management.commands.ledger import _number
from billing.models import Customer, Invoice, Payment, SandboxCharge, Subscription
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, jobs
from tests.billing.payment_world import card, worked
from tests.billing.simulator.workers import lease_runs_out
from tests.billing.subscription_world import buyer, plan, subscribed

ROOT = Path(__file__).resolve().parent.parent.parent
CHILD = """
    import sys
    from importlib import import_module
    from uuid import UUID

    import django
    django.setup()
    from maintenance import runner
    where, _dot, name = sys.argv[2].rpartition(".")
    place = import_module(where)
    done = getattr(place, name)

    def do_and_hang(*args, **values):
        found = done(*args, **values)
        print("there", flush=True)
        sys.stdin.read()
        return found

    setattr(place, name, do_and_hang)
    runner.execute(UUID(sys.argv[1]))
"""
RENEW, COLLECT = "billing.renew_subscriptions", "billing.collect_invoice"


@pytest.mark.soak
@pytest.mark.kill
@pytest.mark.usefixtures("quiet_broker")
@pytest.mark.parametrize(
    ("job", "place"),
    [
        (RENEW, "billing.services.subscription_bills.invoice_finalise"),
        (RENEW, "billing.services.subscription_steps.due_done"),
        (COLLECT, "billing.services.collecting.charge_begin"),
        (COLLECT, "billing.services.collecting.charge_ask"),
        (COLLECT, "billing.jobs.payments.payment_apply"),
    ],
)
def test_a_worker_that_is_killed_anywhere_bills_once_and_charges_once(
    own_database: dict[str, str], job: str, place: str
) -> None:
    customers = [_paying_for_a_month() for _number in range(2)]
    worked()
    with context.system("a scheduler") as current:
        jobs.enqueue(RENEW, actor=current.actor)
    if job == COLLECT:
        runner.execute(JobRun.objects.get(name=RENEW).pk)
    run_id = JobRun.objects.filter(name=job, state="queued").order_by("queued_at", "id")[0].pk
    before = Invoice.objects.count()
    _killed_in(run_id, place, own_database)
    assert JobRun.objects.get(pk=run_id).state == "running"
    assert Invoice.objects.count() == before
    lease_runs_out(run_id)
    runner.execute(run_id)
    worked()
    run = JobRun.objects.get(pk=run_id)
    assert (run.state, run.attempts) == ("succeeded", 2)
    for customer in customers:
        assert list(Invoice.objects.filter(customer=customer).values_list("state", "due")) == [("paid", 0)] * 2
        assert list(Payment.objects.filter(customer=customer).values_list("state", flat=True)) == ["succeeded"] * 2
    assert SandboxCharge.objects.filter(state="succeeded").count() == 4
    assert {row.next_at > clock.now() for row in Subscription.objects.all() if row.next_at} == {True}
    with connection.cursor() as cursor:
        assert [found for _check, found in proof.differences(cursor) if found] == []
    assert checks.ask(_number) == []


def _paying_for_a_month() -> Customer:
    """A customer with a card whose first month is just over."""
    start = clock.now() - timedelta(days=32)
    with clock.at(start):
        customer = buyer()
        card(customer)
    subscribed(customer, plan(1000), start.replace(tzinfo=None).isoformat())
    return customer


def _killed_in(run_id: UUID, place: str, environment: dict[str, str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(run_id), place],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        ready, _writable, _failed = select.select([child.stdout], [], [], 120)
        assert ready, "the child never came so far"
        assert child.stdout.readline() == b"there\n"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    _wait_until_its_transaction_is_gone()


def _wait_until_its_transaction_is_gone() -> None:
    """The server notices the dead client a moment later; its locks go with it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = ANY (ARRAY["
                "'billing_subscription'::regclass, 'billing_payment'::regclass, 'billing_invoice'::regclass])"
            )
            if not cursor.fetchone()[0]:
                return
        select.select([], [], [], 0.02)
    raise AssertionError("the killed worker's transaction is still there")
