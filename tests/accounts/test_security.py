"""The security page and its series: what is counted, for whom, and how much it asks of the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import security_selectors as selectors
from accounts.models import TotpDevice, User
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.readings import collector
from portal.kit.services import writing
from tests.accounts.helpers import sign_in, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
PAGE = "/platform/security"
DAY = timedelta(hours=24)


def change(user: User, **values: Any) -> None:
    """Set columns of a person to what time would have made of them."""
    with context.system("a test"), writing():
        User.objects.filter(pk=user.pk).update(**values)


def equip(user: User) -> None:
    """Give a person a second factor."""
    with context.system("a test"), writing():
        now = clock.now()
        TotpDevice.objects.create(user=user, name="app", confirmed=True, confirmed_at=now, key_id="k", sealed=b"x")


def fail(user: User, times: int = 5) -> None:
    """Type wrong passwords."""
    for _ in range(times):
        sign_in(Client(), user.username, "wrong")


def shown(client: Client) -> dict[str, tuple[str, str]]:
    """The tiles of the page: value and note by label."""
    return {card["label"]: (card["value"], card["note"]) for card in client.get(PAGE).context["cards"]}


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_only_administrators_see_it(world: World, browser_of: Browser, who: str) -> None:
    assert browser_of(getattr(world, who)).get(PAGE).status_code == 403
    for read in (selectors.locked, selectors.without_factor, selectors.dormant_staff):
        with pytest.raises(Forbidden), context.acting(actor_of(getattr(world, who))):
            read(actor_of(getattr(world, who)))


def test_failures_and_locks_are_counted_and_named(world: World, browser_of: Browser) -> None:
    fail(world.clerk)
    client = browser_of(world.admin)
    tiles = shown(client)
    assert tiles["Failed sign-ins"][0] == "5"
    assert tiles["Locked now"][0] == "1"
    page = text_of(client.get(PAGE))
    assert f"{world.clerk} 5 failures" in page
    assert "Locked for 1 minute" in page
    with context.acting(actor_of(world.admin)):
        assert selectors.failing_addresses(actor_of(world.admin), DAY) == [("127.0.0.1", 5)]
        assert selectors.per_day(actor_of(world.admin), selectors.FAILURES, 14)[-1][1] == 5


def test_an_account_that_nobody_has_is_counted_and_named_nowhere(world: World, browser_of: Browser) -> None:
    for _ in range(5):
        sign_in(Client(), "nobody-at-all", "wrong")
    client = browser_of(world.admin)
    assert shown(client)["Locked now"][0] == "1"
    page = text_of(client.get(PAGE))
    assert "No account is locked." in page
    assert "nobody-at-all" not in page


def test_a_lock_that_is_over_is_none(world: World, browser_of: Browser) -> None:
    fail(world.clerk)
    with clock.at(clock.now() + timedelta(minutes=2)), context.acting(actor_of(world.admin)):
        assert selectors.locked(actor_of(world.admin)) == []
        assert selectors.locks_now() == 0


def test_coverage_is_of_active_people_and_rounds_down(world: World, browser_of: Browser) -> None:
    equip(world.root)
    equip(world.stranger)
    gone = person("Gone", role="manager", is_active=False)
    equip(gone)
    found = selectors.coverage()
    assert (found.people, found.people_with, found.staff, found.staff_with) == (5, 2, 4, 1)
    for user in (world.admin, world.manager):
        equip(user)
    assert shown(browser_of(world.admin))["Second factor, staff"][0] == "75 %"


def test_who_is_past_the_time_for_a_second_factor_is_named_first(world: World, browser_of: Browser) -> None:
    now = clock.now()
    for user in User.objects.all():
        change(user, factor_due_at=None)
    change(world.manager, factor_due_at=now + timedelta(days=2))
    change(world.clerk, factor_due_at=now - timedelta(days=1))
    change(world.stranger, factor_due_at=now - timedelta(days=3), is_active=False)
    change(world.root, factor_due_at=now - timedelta(days=5))
    equip(world.root)
    with context.acting(actor_of(world.admin)):
        assert selectors.without_factor(actor_of(world.admin)) == [world.clerk, world.manager]
    assert selectors.coverage().overdue == 1
    page = text_of(browser_of(world.admin).get(PAGE))
    assert "Time is over" in page


def test_dormant_accounts_are_those_not_seen_for_ninety_days(world: World, browser_of: Browser) -> None:
    long_ago = clock.now() - timedelta(days=91)
    change(world.manager, last_seen_at=long_ago)
    change(world.stranger, last_seen_at=None, created_at=long_ago)
    change(world.clerk, last_seen_at=clock.now() - timedelta(days=89), created_at=long_ago)
    person("Left", is_active=False, last_seen_at=long_ago)
    assert selectors.dormant() == 2
    with context.acting(actor_of(world.admin)):
        assert selectors.dormant_staff(actor_of(world.admin)) == [world.manager]


def test_views_of_somebody_elses_console_are_listed(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    client.post(f"/platform/people/{world.manager.pk}/view", {"reason": "Ticket 4711"})
    other = browser_of(world.root)
    assert shown(other)["Seen as somebody else"][0] == "1"
    assert f"An administrator began to see the console as {world.manager}" in text_of(other.get(PAGE))
    assert selectors.sessions_now()["view"] == 1


def test_more_people_and_failures_cost_no_more_queries(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    client.get(PAGE)
    fail(world.clerk)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(PAGE)
    for number in range(4):
        user = person(f"Further {number}", role="user", factor_due_at=clock.now())
        fail(user)
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(many) == len(few) <= 20


def test_the_trail_is_asked_by_kind_and_time(world: World) -> None:
    with context.acting(actor_of(world.admin)), CaptureQueriesContext(connection) as asked:
        selectors.counted(actor_of(world.admin), DAY)
        selectors.failing_addresses(actor_of(world.admin), DAY)
        selectors.sign_ins_today()
    trail = [one["sql"] for one in asked if "audit_event" in one["sql"]]
    assert len(trail) == 3
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in trail:
            cursor.execute(f"EXPLAIN {sql}")
            plan = " ".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on audit_event" not in plan


def test_series_tell_the_same(world: World, browser_of: Browser) -> None:
    fail(world.clerk)
    browser_of(world.admin)
    equip(world.root)
    collector.forget()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in collector.collect()
        for sample in family.samples
    }
    assert found["steward_accounts_sign_ins_total", "failed"] == 5
    assert found["steward_accounts_sign_ins_total", "succeeded"] == 1
    assert found["steward_accounts_sign_ins_total", "locked"] == 1
    assert found["steward_accounts_locks_live",] == 1
    assert found["steward_accounts_sessions_live", "browser"] == 1
    assert found["steward_accounts_people_active", "staff"] == 4
    assert found["steward_accounts_second_factor_people", "staff"] == 1
    assert found["steward_accounts_second_factor_overdue_people",] == 0
