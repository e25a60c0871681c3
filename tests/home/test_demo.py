"""The whole demonstration: asked for, told by a job after the start, the same each time, taken up after a kill, removed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Invitation, Membership, Organisation, User
from audit.models import Event
from billing import demo_story as money
from billing.models import Customer, Invoice, Plan, Subscription, WebhookDelivery, WebhookEndpoint
from billing.models import TestClock as Stopped
from billing.services import demo_year
from maintenance import runner
from maintenance.models import JobRun
from portal.home import demo
from portal.kit import clock, context, ids
from portal.kit.demos import Step
from portal.kit.models import Announcement, OutboundMessage
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from rbac.selectors import holders_of
from tests.billing.demo_books import faults, shape
from tests.factories import World
from tests.home.demo_world import NOW, facts, rows, shorten

LAST = len(money.BUYERS) - 3
PLACES = [LAST, LAST + 1, 0, 2]
OURS = {"example.com", "example.org"}


class Killed(BaseException):
    """What ends a worker in the middle of its work."""


def test_it_is_told_by_a_job_the_same_each_time_survives_a_kill_keeps_the_books_right_and_goes(
    own_database: dict[str, str], quiet_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)
    monkeypatch.setattr(demo_year, "LENGTH", timedelta(days=62))
    monkeypatch.setattr(money, "order", lambda: PLACES)
    with clock.at(NOW), context.system("a test"), behind_the_wall():
        before = rows()
    with clock.at(NOW):
        with pytest.raises(Killed), context.system("a test") as current, writing():
            for step in demo.steps():
                step.tell(current.actor, NOW)
            told = [*facts(), *shape()]
            raise Killed  # Nothing of it stays.
        run_id = _asked()
        _killed_at(14, run_id, monkeypatch)
    with clock.at(NOW + timedelta(hours=1)), context.system("a test"):
        with writing():  # The worker is dead and its lease over.
            JobRun.objects.filter(pk=run_id).update(lease_until=datetime(2000, 1, 1, tzinfo=UTC))
        runner.execute(run_id)
    with context.system("a test"), behind_the_wall():
        run = JobRun.objects.get(pk=run_id)
        assert (run.state, run.result, run.error) == ("succeeded", {"customers": len(PLACES)}, "")
        assert run.done == run.total == len(demo.steps())
        assert [*facts(), *shape()] == told
        assert not JobRun.objects.filter(name="billing.collect_invoice").exists()
        assert not Announcement.objects.filter(title=demo.TITLE).exists()
        _believable()
        _only_examples()
        _tried_out()
    with context.system("a test"):
        assert faults(NOW - timedelta(minutes=5)) == []
    with clock.at(NOW + timedelta(hours=1)):
        _gone(before)


def _asked() -> Any:
    """Asked for by the command, which tells nothing itself; a second time is the same job."""
    call_command("demo", "load")
    call_command("demo", "load")
    with context.system("a test"), behind_the_wall():
        assert Announcement.objects.filter(title=demo.TITLE).count() == 1
        assert not User.objects.filter(email__endswith="@demo.example.com").exists()
        return JobRun.objects.get(name=demo.JOB).pk


def _killed_at(number: int, run_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, left = demo.steps(), iter([True])

    def dies(*values: Any) -> None:
        whole[number].tell(*values)
        if next(left, False):
            raise Killed

    broken = [*whole[:number], Step(whole[number].label, dies), *whole[number + 1 :]]
    monkeypatch.setattr(demo, "steps", lambda: broken)
    with pytest.raises(Killed):
        runner.execute(run_id)
    with context.system("a test"), behind_the_wall():
        run = JobRun.objects.get(pk=run_id)
        assert run.cursor == {"until": NOW.isoformat(), "done": number}
        assert (run.done, run.total) == (number, len(whole))


def _believable() -> None:
    """Three organisations as old as their customers, people who came over the year, and nothing of the future."""
    people = User.objects.filter(email__endswith="@demo.example.com", kind="person")
    assert people.filter(is_active=False).count() == 19
    assert people.count() == 200 + 2  # And the owners of two buyers.
    for slug, state in (
        ("demo-lindenfeld", "active"),
        ("demo-harbour-pine", "active"),
        ("demo-quarry-lane", "suspended"),
    ):
        organisation = Organisation.objects.get(slug=slug)
        assert organisation.state == state
        assert holders_of("owner", organisation.pk)
        assert organisation.created_at < NOW - timedelta(days=340)
    joined = Membership.objects.values_list("joined_at", flat=True)
    assert len({(moment.year, moment.month) for moment in joined}) >= 12
    assert Membership.objects.filter(state="suspended").exists()
    assert Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=NOW).count() == 4
    # What is declared comes with the database, at the time of the machine.
    events = Event.objects.exclude(code__startswith="maintenance.").exclude(code__endswith=".applied")
    assert not events.filter(occurred_at__gt=NOW + timedelta(hours=1)).exists()
    assert events.filter(occurred_at__lt=NOW - timedelta(days=300)).count() > 300
    assert not User.objects.filter(pk__in=people, factor_due_at__lte=NOW).exists()


def _tried_out() -> None:
    """A webhook that was answered, one whose receiver is gone, nothing that waits to be sent; and a sandbox whose clock
    brought it bills."""
    endpoints = dict(WebhookEndpoint.objects.values_list("description", "state"))
    assert endpoints == {"Our bookkeeping": "paused", "The screen in the corridor": "failing"}
    sent = WebhookDelivery.objects.filter(endpoint__state="paused")
    assert sent.filter(type="invoice.issued", state="delivered", status=200).exists()
    assert WebhookDelivery.objects.filter(endpoint__state="failing", state="failed", status=410).exists()
    assert not WebhookDelivery.objects.filter(state="queued").exists()
    stopped = Stopped.objects.get(organisation__slug=money.SANDBOX.slug)
    assert stopped.advancing_to is None
    assert stopped.at == NOW - timedelta(days=money.SANDBOX_DAYS - sum(money.SANDBOX_STEPS))
    bills = Invoice.objects.filter(organisation=stopped.organisation, state="paid", total__gt=0)
    assert bills.count() == 2
    assert all(str(bill.number).startswith("TEST-") for bill in bills)


def _only_examples() -> None:
    addresses = [
        *OutboundMessage.objects.values_list("address", flat=True),
        *Invitation.objects.values_list("email", flat=True),
        *Customer.objects.values_list("email", flat=True),
        *User.objects.filter(kind="person", is_root=False).exclude(username="dev").values_list("email", flat=True),
    ]
    domains = {address.partition("@")[2] for address in addresses}
    assert {".".join(domain.split(".")[-2:]) for domain in domains} <= OURS


def _gone(before: dict[str, int]) -> None:
    """Removed in one step: of people nothing is left; of money what must be kept, and nothing of it runs."""
    with context.system("a test"), behind_the_wall():
        documents = Invoice.objects.count()
    call_command("demo", "remove")
    with context.system("a test"), behind_the_wall():
        left = {name: number - before[name] for name, number in rows().items() if number != before[name]}
        kept = len(PLACES) + 1  # And the sandbox.
        assert not WebhookEndpoint.objects.exists()
        # Organisations that documents name, with their scopes.
        assert left == {"accounts.Organisation": kept, "rbac.Scope": kept, "rbac.ScopePath": kept}
        assert list(Organisation.objects.exclude(state="closed").values_list("slug", "state")) == []
        assert not Subscription.objects.exclude(state="cancelled").exists()
        assert not Invoice.objects.filter(state="open").exists()
        assert Invoice.objects.count() >= documents
        assert not Plan.objects.filter(state="active").exists()
        assert Event.objects.get(code="billing.demo.removed").data["customers"] == kept
    with pytest.raises(CommandError, match="empty database"):
        call_command("demo", "load")


@pytest.mark.django_db
def test_a_job_that_still_waits_tells_nothing_once_it_was_removed(world: World, quiet_broker: None) -> None:
    count = User.objects.count()
    call_command("demo", "load")
    with context.system("a test"):
        run = _Run(done=3)
        demo.load_demo(run)
    assert User.objects.count() == count
    assert run.lines == ["The demonstration was removed meanwhile."]
    assert not Announcement.objects.filter(title=demo.TITLE).exists()


class _Run:
    """A run that stands after some steps."""

    def __init__(self, done: int) -> None:
        self.id, self.lines = ids.uuid7(), list[str]()
        self.args: Mapping[str, Any] = {}
        self.cursor: Any = {"until": NOW.isoformat(), "done": done}

    def phase(self, text: str) -> None:
        """Nobody watches."""

    def log(self, text: str) -> None:
        """Read by the test."""
        self.lines.append(text)

    def progress(self, done: int, total: int | None) -> None:
        """Nobody watches."""

    def batch(self) -> Any:
        """One transaction."""
        return writing()


@pytest.mark.django_db
def test_while_it_is_told_the_pages_say_so(world: World, quiet_broker: None) -> None:
    call_command("demo", "load")
    page = Client().get("/sign-in").content.decode()
    assert "The demonstration is being told." in page
    call_command("demo", "remove")
    assert "The demonstration is being told." not in Client().get("/sign-in").content.decode()
    with context.system("a test"), behind_the_wall():
        assert JobRun.objects.get(name=demo.JOB).state == "cancelled"


@pytest.mark.django_db
@pytest.mark.parametrize("words", [("load",), ("sign-in", "ada.novak")])
def test_it_does_not_come_into_production(settings: Settings, words: tuple[str, ...]) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo", *words)
    assert not JobRun.objects.filter(name=demo.JOB).exists()
