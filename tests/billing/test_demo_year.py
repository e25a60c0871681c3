"""The demonstration's year of money: told by the real services, the same each time, taken up after a kill, and ended."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import demo_story as people_story
from accounts.models import Organisation, User
from accounts.services import demo as people
from audit.models import Event
from billing import demo_story as story
from billing.jobs import demo as job
from billing.models import (
    CreditNote,
    Customer,
    Dispute,
    DunningRun,
    Invoice,
    MrrMovement,
    Payment,
    Plan,
    Refund,
    Subscription,
    UsageRollup,
)
from billing.services import demo_year
from billing.services.demo_removal import demo_money_remove
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, errors, ids
from portal.kit.context import Actor
from portal.kit.jobs import enqueue, kept
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.billing.simulator.invariants import broken
from tests.billing.simulator.world import Sim
from tests.factories import World, actor_of

NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
LAST = len(story.BUYERS) - 3
SYSTEM = Actor("system", None, "system")


class Killed(BaseException):
    """What ends a worker in the middle of its work."""


def _shape() -> list[Any]:
    """What was told, without what is different at every load (ids)."""
    invoices = Invoice.objects.values_list("customer__name", "state", "issued_at", "total", "paid", "due")
    payments = Payment.objects.values_list("customer__name", "state", "event_at", "amount", "origin")
    moved = MrrMovement.objects.values_list("customer__name", "kind", "at", "amount")
    held = Subscription.objects.values_list("customer__name", "state", "mrr", "current_period_end")
    used = UsageRollup.objects.filter(grain="day").values_list("meter", "starts_at", "total", "events")
    return [sorted(map(repr, rows)) for rows in (invoices, payments, moved, held, used)]


def _faults(until: datetime, *, deep: bool = True) -> list[str]:
    """What of the simulator's invariants does not hold. `deep` asks for single events, which are known for 90 days."""
    sim = Sim(0, None, until)  # type: ignore[arg-type]  # nothing is left to chance here
    with clock.at(until), behind_the_wall():
        sim.customers = list(Customer.objects.all())
        given = Event.objects.filter(code="billing.customer.credited", reason__startswith="Sorry")
        sim.granted = {event.target_id: 5000 for event in given}
        return list(broken(sim, deep=deep))


def _tell(places: list[int], until: datetime) -> None:
    entity = demo_year.demo_begin(actor=SYSTEM, until=until)
    for place in places:
        assert demo_year.demo_buyer_load(actor=SYSTEM, place=place, entity=entity, until=until)


def test_the_story_is_the_same_each_time_and_names_nobody_real() -> None:
    for place, buyer in enumerate(story.BUYERS):
        acts = story.acts_of(place)
        assert acts == story.acts_of(place)
        assert [act.at for act in acts] == sorted(act.at for act in acts)
        assert next(act.kind for act in acts if act.kind != "card") == "begin"
        assert buyer.email.endswith("@demo.example.com")
        assert all(0 < act.at < story.DAYS for act in acts)
    assert len({buyer.slug for buyer in story.BUYERS}) == len(story.BUYERS)
    assert sorted(story.order()) == list(range(len(story.BUYERS)))
    companies = {company.slug for company in people_story.COMPANIES}
    assert {buyer.slug for buyer in story.BUYERS if not buyer.owner} == companies


def test_a_shortened_year_is_the_same_again_survives_a_kill_keeps_the_books_right_and_ends(
    own_database: dict[str, str], quiet_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [LAST, LAST + 1, 0, 1, 2, 3]
    monkeypatch.setattr(demo_year, "LENGTH", timedelta(days=62))
    monkeypatch.setattr(story, "order", lambda: places)
    with clock.at(NOW), context.system("a test") as current:
        call_command("demo", "load")
        run_id = JobRun.objects.get(name=demo_year.JOB, state="queued").pk
        with pytest.raises(Killed), behind_the_wall():
            _tell(places, NOW)
            told = _shape()
            raise Killed  # Nothing of it stays.
        assert not Customer.objects.exists()

    left = iter([False, False, True])

    def dies(**values: Any) -> bool:
        done = demo_year.demo_buyer_load(**values)
        if next(left, False):
            raise Killed
        return done

    monkeypatch.setattr(job, "demo_buyer_load", dies)
    with clock.at(NOW):
        with pytest.raises(Killed):
            runner.execute(run_id)
        run = JobRun.objects.get(pk=run_id)
        assert run.cursor == {"until": NOW.isoformat(), "done": 2, "told": 2}
        assert (run.done, run.total) == (2, 6)
    later = NOW + timedelta(hours=1)
    with clock.at(later), context.system("a test"):
        _lease_lost(run_id)
        runner.execute(run_id)
        run = JobRun.objects.get(pk=run_id)
        assert (run.state, run.result, run.error) == ("succeeded", {"customers": 6}, "")
    with context.system("a test") as current, behind_the_wall():
        assert _shape() == told
        assert not JobRun.objects.filter(name="billing.collect_invoice").exists()
        assert Event.objects.filter(code="billing.demo.loaded").count() == 1
    with context.system("a test"):
        assert _faults(NOW - timedelta(minutes=5)) == []
    with clock.at(later), context.system("a test") as current:
        _ends(current.actor)


def _lease_lost(run_id: Any) -> None:
    """The worker is dead and its lease over."""
    with writing():
        JobRun.objects.filter(pk=run_id).update(lease_until=datetime(2000, 1, 1, tzinfo=UTC))


def _ends(actor: Actor) -> None:
    """Removed in one step: nothing runs or is owed, what must be kept is, and nothing of it is told again."""
    with behind_the_wall():
        documents = Invoice.objects.count()
    call_command("demo", "remove")
    with behind_the_wall():
        assert not Subscription.objects.exclude(state="cancelled").exists()
        assert not Invoice.objects.filter(state="open").exists()
        assert Invoice.objects.count() >= documents
        assert not User.objects.filter(email__endswith="@demo.example.com").exists()
        assert set(Organisation.objects.values_list("slug", "state")) == {
            (story.BUYERS[place].slug, "closed") for place in (LAST, LAST + 1, 0, 1, 2, 3)
        }
        assert not Plan.objects.filter(state="active").exists()
        assert Event.objects.get(code="billing.demo.removed").data["customers"] == 6
        assert not list(broken(Sim(0, None), deep=False))  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="empty database"):
        call_command("demo", "load")
    with behind_the_wall():
        entity = demo_year.demo_begin(actor=actor, until=NOW)
        assert not demo_year.demo_buyer_load(actor=actor, place=4, entity=entity, until=NOW)


@pytest.mark.django_db
def test_no_person_tells_or_ends_it(world: World) -> None:
    with context.acting(actor_of(world.root)) as current:
        for act in (demo_year.demo_money_ask, demo_money_remove):
            with pytest.raises(errors.Forbidden):
                act(actor=current.actor)
        with pytest.raises(errors.Forbidden):
            demo_year.demo_begin(actor=current.actor, until=NOW)
    assert not JobRun.objects.filter(name=demo_year.JOB).exists()
    with context.system("a test") as current:
        assert demo_money_remove(actor=current.actor) == ""
    assert not Event.objects.filter(code="billing.demo.removed").exists()


@pytest.mark.django_db
def test_kept_work_is_not_queued_and_other_work_is() -> None:
    mine, others = "billing.collect_invoice", "billing.renew_subscriptions"
    with context.system("a test") as current, clock.at(NOW):
        with kept(mine) as waiting:
            first = enqueue(mine, actor=current.actor, args={"invoice": "a"}, key="a")
            assert enqueue(mine, actor=current.actor, args={"invoice": "a"}, key="a") == first
            enqueue(mine, actor=current.actor, args={"invoice": "b"}, run_at=NOW + timedelta(hours=2))
            enqueue(others, actor=current.actor)
        enqueue(mine, actor=current.actor, args={"invoice": "c"})
    assert [(one.args["invoice"], one.run_at - NOW) for one in waiting] == [
        ("a", timedelta(0)),
        ("b", timedelta(hours=2)),
    ]
    rows = JobRun.objects.values_list("name", "args")
    assert sorted((name, args.get("invoice", "")) for name, args in rows) == [(mine, "c"), (others, "")]


@pytest.mark.soak
def test_the_whole_year_looks_like_a_healthy_business(own_database: dict[str, str], quiet_broker: None) -> None:
    with clock.at(NOW), context.system("a test") as current:
        people.demo_people_load(actor=current.actor)
        job.load_demo(_Here())
    with context.system("a test"):
        assert _faults(NOW - timedelta(minutes=5), deep=False) == []
    with context.system("a test"), behind_the_wall():
        months = list(_months())
        assert 4_500_00 < months[0] < 9_000_00
        assert 24_000_00 < months[-1] < 36_000_00
        assert all(before < after for before, after in zip(months[::3], months[3::3], strict=False))
        states = set(Subscription.objects.values_list("state", flat=True))
        assert {"active", "past_due", "paused", "cancelled", "trialing"} <= states
        assert DunningRun.objects.filter(ended_at=None).exists()
        assert Invoice.objects.filter(state="open").count() >= 3
        assert set(Dispute.objects.values_list("state", flat=True)) == {"open", "won"}
        assert Refund.objects.filter(state="succeeded").count() == 2
        assert CreditNote.objects.count() > 4


def _months() -> Iterator[int]:
    """The MRR in euros at the end of each month of the story."""
    begin = NOW - timedelta(days=story.DAYS)
    for month in range(1, 14):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(amount), 0)::bigint FROM billing_mrr_movement WHERE currency = 'EUR' AND at < %s",
                [begin + timedelta(days=30.4 * month)],
            )
            yield int(cursor.fetchone()[0])


class _Here:
    """A run whose batches commit."""

    def __init__(self) -> None:
        self.id = ids.uuid7()
        self.args: Mapping[str, Any] = {}
        self.cursor: Any = None

    def phase(self, text: str) -> None:
        """Nobody watches."""

    def log(self, text: str) -> None:
        """Nobody reads it."""

    def progress(self, done: int, total: int | None) -> None:
        """Nobody watches."""

    def batch(self) -> Any:
        """One transaction."""
        return writing()
