"""The demonstration's year of money: what the story says, who may tell it, and what it comes to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts import demo_story as people_story
from audit.models import Event
from billing import demo_story as story
from billing.models import (
    CreditNote,
    Customer,
    Dispute,
    DunningRun,
    Invoice,
    QuotaAlert,
    Refund,
    Subscription,
)
from billing.services import demo_year
from billing.services.demo_removal import demo_money_remove
from maintenance.models import JobRun
from portal.home import demo
from portal.kit import clock, context, errors
from portal.kit.jobs import enqueue, kept
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.billing.demo_books import faults
from tests.factories import World, actor_of
from tests.home.demo_world import shorten

NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)


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


@pytest.mark.django_db
def test_no_person_tells_or_ends_it(world: World) -> None:
    with context.acting(actor_of(world.root)) as current:
        for act in (demo_year.demo_money_finish, demo_money_remove):
            with pytest.raises(errors.Forbidden):
                act(actor=current.actor)
        for step in demo_year.demo_money_steps():
            with pytest.raises(errors.Forbidden):
                step.tell(current.actor, NOW)
    assert not Customer.objects.exists()
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
def test_the_whole_year_looks_like_a_healthy_business(
    own_database: dict[str, str], quiet_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)
    with clock.at(NOW), context.system("a test") as current:
        for step in demo.steps():
            with writing():
                step.tell(current.actor, NOW)
        with writing():
            assert demo_year.demo_money_finish(actor=current.actor) == len(story.BUYERS)
    with context.system("a test"):
        assert faults(NOW - timedelta(minutes=5), deep=False) == []
    with context.system("a test"), behind_the_wall():
        months = list(_months())
        assert 4_500_00 < months[0] < 9_000_00
        assert 24_000_00 < months[-1] < 38_000_00
        assert all(before < after for before, after in zip(months[::3], months[3::3], strict=False))
        assert months[-1] > months[-2]
        states = set(Subscription.objects.values_list("state", flat=True))
        assert {"active", "past_due", "paused", "cancelled", "trialing"} <= states
        assert DunningRun.objects.filter(ended_at=None).exists()
        assert Invoice.objects.filter(state="open").count() >= 3
        assert set(Dispute.objects.values_list("state", flat=True)) == {"open", "won"}
        assert Refund.objects.filter(state="succeeded").count() == 2
        assert CreditNote.objects.count() > 4
        assert QuotaAlert.objects.filter(organisation__slug="demo-harbour-pine", percent=80).exists()
        _moved_believably()


def _moved_believably() -> None:
    """In the last 30 days more came than went, from those who were there as well; of the customers few left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount) FILTER (WHERE at < %(since)s), 0),"
            " coalesce(sum(amount) FILTER (WHERE at >= %(since)s), 0),"
            " coalesce(sum(amount) FILTER (WHERE at >= %(since)s AND kind IN ('expansion', 'contraction', 'churn')), 0),"
            " count(DISTINCT customer_id) FILTER (WHERE kind = 'churn' AND at >= %(year)s)"
            " FROM billing_mrr_movement WHERE currency = 'EUR' AND at < %(now)s",
            {"since": NOW - timedelta(days=30), "year": NOW - timedelta(days=365), "now": NOW},
        )
        before, net_new, kept, churned = cursor.fetchone()
    assert net_new > 0
    assert 0 < kept < before // 10
    assert 4 <= churned <= 10  # Of some 30 in twelve months: 1 to 3 % a month.


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
