"""Test clocks: the time of a sandbox goes forward, in steps, once, and whatever falls due does so on its way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from billing import clock_steps
from billing.clock_steps import ClockStep
from billing.errors.clocks import ClockBack, ClockMoving, ClockThere, NoSandbox
from billing.models import Customer
from billing.models import TestClock as Stopped
from billing.services import clocks
from billing.times import now_of
from maintenance import publisher
from maintenance.models import JobRun
from portal.kit import context
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.services import writing
from tests.accounts.helpers import worked
from tests.accounts.organisation_world import House, codes_of, make_house
from tests.billing.money_world import customer_of

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


@pytest.fixture
def house() -> House:
    """An organisation that is a sandbox customer."""
    made = make_house("Harbour")
    customer_of(made.organisation, sandbox=True)
    return made


@pytest.fixture
def owner(house: House) -> Iterator[Any]:
    """The owner, standing inside, in whose context the test runs."""
    actor = house.inside(house.owner)
    with context.acting(actor):
        yield actor


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments at which parts were asked for what is due."""
    seen: list[datetime] = []

    def part(actor: Any, customer: Customer) -> int:
        assert (actor.kind, actor.organisation_id) == ("system", customer.organisation_id)
        seen.append(now_of(customer))
        return 1

    monkeypatch.setattr(clock_steps, "clock_steps", [ClockStep("test.part", 10, part)])
    return seen


def customer_in(house: House) -> Customer:
    """The customer as it is now."""
    return Customer.objects.select_related("test_clock").get(organisation=house.organisation)


def test_a_clock_goes_forward_day_by_day_and_arrives(house: House, owner: Any, due: list[datetime]) -> None:
    made = clocks.clock_start(actor=owner, customer=customer_in(house), at=START)
    assert now_of(customer_in(house)) == START
    to = START + timedelta(days=2, hours=6)
    sent = clocks.clock_advance(actor=owner, customer=customer_in(house), to=to)
    again = clocks.clock_advance(actor=owner, customer=customer_in(house), to=to)
    assert (again.run_id, JobRun.objects.count()) == (sent.run_id, 1)
    with pytest.raises(ClockMoving):
        clocks.clock_advance(actor=owner, customer=customer_in(house), to=to + timedelta(days=1))
    assert sent.run_id is not None
    assert worked(sent.run_id).result == {"steps": 3, "done": 3}
    assert due == [START + timedelta(days=1), START + timedelta(days=2), to]
    assert now_of(customer_in(house)) == to
    assert codes_of(made.pk) == ["billing.clock.started", "billing.clock.sent", "billing.clock.arrived"]
    # A run that starts again finds the clock where it is.
    before = list(due)
    with context.system("a test"):
        found, done = clocks.clock_step(clock_id=made.pk, organisation_id=house.id)
    assert (found.at, done, due) == (to, 0, before)


def test_a_step_that_fails_leaves_the_clock_at_the_last_good_one_and_the_rest_is_done_later(
    house: House, owner: Any, due: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks.clock_start(actor=owner, customer=customer_in(house), at=START)
    to = START + timedelta(days=3)

    def broken(actor: Any, customer: Customer) -> int:
        if now_of(customer) > START + timedelta(days=1):
            raise NotFound
        return 1

    monkeypatch.setattr(clock_steps, "clock_steps", [ClockStep("test.part", 10, broken)])
    sent = clocks.clock_advance(actor=owner, customer=customer_in(house), to=to)
    assert sent.run_id is not None
    assert worked(sent.run_id).state == "failed"
    assert now_of(customer_in(house)) == START + timedelta(days=1)
    monkeypatch.setattr(clock_steps, "clock_steps", [])
    again = clocks.clock_advance(actor=owner, customer=customer_in(house), to=to)
    assert again.run_id not in (None, sent.run_id)
    assert again.run_id is not None
    assert worked(again.run_id).state == "succeeded"
    assert now_of(customer_in(house)) == to


def test_the_past_the_present_and_the_far_future_are_refused(house: House, owner: Any) -> None:
    customer = customer_in(house)
    with pytest.raises(NoSandbox):
        clocks.clock_advance(actor=owner, customer=customer, to=START)
    clocks.clock_start(actor=owner, customer=customer, at=START)
    with pytest.raises(ClockThere):
        clocks.clock_start(actor=owner, customer=customer, at=START)
    for to in (START, START - timedelta(seconds=1), START + timedelta(days=732)):
        with pytest.raises(ClockBack):
            clocks.clock_advance(actor=owner, customer=customer_in(house), to=to)
    assert not JobRun.objects.exists()
    found = Stopped.objects.get()
    for change in (
        lambda: Stopped.objects.filter(pk=found.pk).update(at=START - timedelta(days=1)),
        found.delete,
        lambda: Customer.objects.filter(pk=customer.pk).update(test_clock=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), writing():
            change()


def test_real_money_has_no_clock() -> None:
    house = make_house("Real")
    customer = customer_of(house.organisation)
    actor = house.inside(house.owner)
    with context.acting(actor), pytest.raises(NoSandbox):
        clocks.clock_start(actor=actor, customer=customer, at=START)
    assert not Stopped.objects.exists()


def test_a_name_that_is_too_long_is_refused(house: House, owner: Any) -> None:
    with pytest.raises(Invalid):
        clocks.clock_start(actor=owner, customer=customer_in(house), name="n" * 81)
    assert not Stopped.objects.exists()


def test_only_an_owner_or_staff_moves_a_clock(house: House) -> None:
    customer, other = customer_in(house), make_house("Other")
    for actor, error in ((house.inside(house.admin), Forbidden), (other.inside(other.owner), NotFound)):
        with context.acting(actor):
            with pytest.raises(error):
                clocks.clock_start(actor=actor, customer=customer, at=START)
            with pytest.raises(error):
                clocks.clock_advance(actor=actor, customer=customer, to=START)
    assert not Stopped.objects.exists()
