"""Revenue, ageing and the proof: what the pages and the API say, and that they tie."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from billing.kpis.documents import _dso
from billing.ledger import chart
from billing.models import Customer, Deferral, LedgerAccount, ProofRun
from billing.selectors import ageing as selectors
from billing.selectors.revenue import waterfall
from billing.services.invoice_states import invoice_mark_uncollectible
from maintenance.models import JobRun
from portal.kit import clock, context, jobs
from portal.kit.kpis import Span, kpis
from portal.kit.models import Notice
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.document_world import buyer, final, paid
from tests.billing.ledger_world import posted
from tests.billing.money_world import customer_of
from tests.billing.payment_world import worked
from tests.billing.test_credit_notes import note
from tests.billing.test_revenue import MARCH, earn, month
from tests.factories import World, actor_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
Browser = Callable[[User], Client]
AT = datetime(2026, 6, 30, 12, tzinfo=UTC)
BASE = "/platform/ledger"


def aged(customer: Customer, *lates: int, amount: int = 100) -> list[Any]:
    """An invoice that is so many days late at `AT`, for each."""
    made = []
    for late in lates:
        with clock.at(AT - timedelta(days=late + customer.entity.due_days)):
            made.append(final(customer, amount))
    return made


def test_j11_ageing_by_days_late_on_any_day_ties_to_the_accounts(world: World, browser_of: Browser) -> None:
    customer = buyer(name="Meadow")
    made = aged(customer, 0, 1, 30, 31, 60, 61, 90, 91)
    other = customer_of(organisation(), entity=customer.entity, name="Brook")
    aged(other, 5, amount=5_000)
    staff = actor_of(world.admin)
    with clock.at(AT), context.system("a test"), context.acting(staff):
        found = selectors.ageing(staff, "EUR", AT.date())
        [brook, meadow] = found.rows
        assert (brook.name, meadow.name, found.customers) == ("Brook", "Meadow", 2)
        assert list(meadow.aged.amounts.values()) == [100, 200, 200, 200, 100]
        assert (found.whole.total, found.due, found.even) == (5_800, 5_800, True)
    with clock.at(AT + timedelta(days=1)):
        paid(made[7])
        note(made[6], amount=40, to="open")
        note(made[0], amount=30)
        with context.system("a test") as current:
            invoice_mark_uncollectible(actor=current.actor, invoice=made[5])
    with clock.at(AT + timedelta(days=1)), context.system("a test"), context.acting(staff):
        now = selectors.ageing(staff, "EUR", AT.date() + timedelta(days=1), customer_id=customer.pk)
        assert list(now.whole.amounts.values()) == [0, 200, 200, 100, 60]
        assert (now.credit, now.even) == (30, True)
        # What was so yesterday stays so, whatever came since.
        before = selectors.ageing(staff, "EUR", AT.date(), customer_id=customer.pk)
        assert (list(before.whole.amounts.values()), before.credit) == ([100, 200, 200, 200, 100], 0)
        assert len(selectors.open_documents(staff, "EUR", AT.date(), customer.pk)) == 8
    client = browser_of(world.admin)
    with clock.at(AT + timedelta(days=1)):
        page = client.get(f"{BASE}/ageing", {"to": "2026-06-30", "currency": "EUR"}).content.decode()
        assert all(text in page for text in ("Brook", "Meadow", "€58.00", "€50.00", "and so do the documents"))
        own = client.get(f"{BASE}/ageing", {"to": "2026-07-01", "customer": str(customer.pk)}).content.decode()
        assert all(text in own for text in ("31 days late", "€5.60", "€0.30 of customer credit is not set off"))
        assert "Brook" not in own
        assert "Nothing was owed" in client.get(f"{BASE}/ageing", {"to": "2020-01-01"}).content.decode()
        assert client.get(f"{BASE}/ageing", {"customer": "nonsense"}).status_code == 404
        body = client.get("/api/v1/ledger/ageing", {"currency": "EUR", "day": "2026-06-30"}).json()
        assert (body["whole"]["days_1_30"]["amount"], body["ties"], body["items"][0]["name"]) == (5_200, True, "Brook")
        assert client.get("/api/v1/ledger/ageing", {"day": "31.1."}).status_code == 400


def test_j11_dso_is_receivable_over_sales_times_days() -> None:
    customer = buyer()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with clock.at(start + timedelta(days=3)):
        paid(final(customer, 60_000))
        final(customer, 30_000)
    with context.system("a test"), writing():
        assert _dso(Span(start, start + timedelta(days=90), "EUR")).value == 30


def test_an_amount_without_a_document_stands_apart_and_the_page_says_so(world: World, browser_of: Browser) -> None:
    customer = buyer()
    final(customer, 1_000)
    posted((chart.receivable(customer.pk, "EUR"), 77), (chart.equity("opening", "EUR"), -77), event_at=clock.now())
    page = browser_of(world.admin).get(f"{BASE}/ageing").content.decode()
    assert "hold €10.77, and the documents say €10.00" in page
    assert "No document" in page


def test_revenue_month_by_month_with_what_is_to_come(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    assert "Nothing is posted yet" in client.get("/platform/revenue").content.decode()
    with clock.at(MARCH + timedelta(hours=9)):
        customer = buyer("19")
        whole = final(customer, month(36_500, days=365))
        final(customer, month(3_100))
    with clock.at(MARCH + timedelta(days=20)):
        note(whole, 5_000)
    at = MARCH + timedelta(days=45, hours=1)
    earn(at)
    with clock.at(at):
        body = client.get("/api/v1/revenue", {"currency": "EUR"}).json()
        march, april = body["months"][-2:]
        assert tuple(march[name]["amount"] for name in ("billed", "taken_back", "earned")) == (
            39_600,
            5_000,
            2_000 + 941 + 3_100,
        )
        assert (march["closing"], april["opening"], april["closing"]) == (
            april["opening"],
            march["closing"],
            body["held"],
        )
        assert (
            body["held"]
            == body["to_come"]
            == {"amount": sum(one["amount"]["amount"] for one in body["ahead"]), "currency": "EUR"}
        )
        assert (len(body["ahead"]), body["ahead"][0]["month"], body["ahead"][-1]["month"]) == (
            11,
            "2026-04-01",
            "2027-02-01",
        )
        page = client.get("/platform/revenue").content.decode()
        assert "holds exactly what documents leave to be earned" in page
        assert "February 2027" in page
        # A year from now, all of it was earned in the months that it was said to be.
        told = {one["month"]: one["amount"]["amount"] for one in body["ahead"]}
    earn(MARCH + timedelta(days=400))
    staff = actor_of(world.admin)
    with context.system("a test"), context.acting(staff):
        later = waterfall(staff, "EUR", date(2027, 2, 1))
    after = {str(one.first): one.earned for one in later.past}
    late = [name for name in told if name in after]
    assert {name: after[name] for name in late} == {name: told[name] for name in late}
    assert (len(late), later.held, later.to_come) == (7, 0, 0)


def prove() -> ProofRun:
    """Run the job of the proof."""
    with context.system("a test") as current:
        jobs.enqueue("billing.prove", actor=current.actor)
        worked()
    return ProofRun.objects.latest("id")


def test_the_proof_runs_every_night_is_shown_and_finds_nothing(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    assert "Never run yet" in client.get(f"{BASE}/proof").content.decode()
    assert client.get("/api/v1/ledger/proof").json()["started_at"] is None
    paid(final(buyer("19"), month(3_100)))
    assert prove().wrong == 0
    page = client.get(f"{BASE}/proof").content.decode()
    assert "Every final invoice stands in the ledger with its total" in page
    assert "All equal" in page
    assert client.get("/api/v1/ledger/proof").json()["differences"] == 0
    assert not Event.objects.filter(code="billing.proof.broken").exists()
    assert not Notice.objects.filter(category="books").exists()


def test_i15_a_broken_proof_leaves_an_event_and_tells_who_looks_after_the_ledger(
    world: World, browser_of: Browser
) -> None:
    with clock.at(MARCH + timedelta(hours=9)):
        final(buyer(), month(3_100))
    posted((chart.deferred("EUR"), 100), (chart.income("subscription", "EUR"), -100))
    with context.system("a test"), writing():
        Deferral.objects.update(earned=7)
    made = prove()
    assert {one["name"]: one["number"] for one in made.results if one["number"]} == {"deferred": 1, "earned": 1}
    event = Event.objects.get(code="billing.proof.broken")
    assert (event.severity, event.outcome) == ("critical", "failed")
    told = set(Notice.objects.filter(category="books").values_list("person_id", flat=True))
    assert world.admin.pk in told
    assert world.manager.pk not in told
    page = browser_of(world.admin).get(f"{BASE}/proof").content.decode()
    assert "books EUR: 3,000 instead of 3,093" in page
    assert "2 differences" in page


def test_who_may_starts_the_proof_once_and_who_may_not_is_refused(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    for _again in range(2):
        assert client.post(f"{BASE}/proof/run").status_code == 302
    assert JobRun.objects.filter(name="billing.prove").count() == 1
    for who in (world.manager, world.clerk, world.stranger):
        other = browser_of(who)
        for address in (
            f"{BASE}/proof",
            f"{BASE}/ageing",
            "/platform/revenue",
            "/api/v1/revenue",
            "/api/v1/ledger/ageing",
        ):
            assert other.get(address).status_code == 403
        assert other.post(f"{BASE}/proof/run").status_code == 403
    assert JobRun.objects.filter(name="billing.prove").count() == 1


def test_reports_compare_with_an_earlier_time_and_roll_customers_up(world: World, browser_of: Browser) -> None:
    client, customer = browser_of(world.admin), buyer(name="Meadow")
    for months, amount in ((0, 5_000), (1, 7_000), (12, 3_000)):
        with clock.at(AT - timedelta(days=31 * months)):
            final(customer, amount)
    query = {"currency": "EUR", "from": "2026-06-01", "to": "2026-06-30"}
    before = client.get(f"{BASE}/reports/income", {**query, "against": "before"}).content.decode()
    assert all(text in before for text in ("€50.00", "€70.00", "up to"))
    year = client.get(f"{BASE}/reports/income", {**query, "against": "year"}).content.decode()
    assert "€30.00" in year
    sheet = client.get(f"{BASE}/reports/sheet", {**query, "against": "before"}).content.decode()
    assert all(text in sheet for text in ("€150.00", "€100.00"))
    assert "1 customer" in client.get(f"{BASE}/reports/trial", query).content.decode()
    leap = client.get(f"{BASE}/reports/income", {"from": "2024-02-29", "to": "2024-02-29", "against": "year"})
    assert leap.status_code == 200


def test_the_head_of_a_report_says_books_currency_and_days_and_of_empty_books_none_of_it(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.admin)
    for page in ("reports/trial", "ageing"):
        shown = client.get(f"{BASE}/{page}").content.decode()
        assert "on any day" in shown or "Of any day" in shown
    final(buyer(name="Meadow"), 5_000)
    head = {page: client.get(f"{BASE}/{page}?to=2026-03-31").content.decode() for page in ("reports/sheet", "ageing")}
    assert "Real books in EUR, up to the end of 31 Mar 2026 (UTC)." in head["reports/sheet"]
    assert "What is owed in EUR at the end of 31 Mar 2026, by days past the due date." in head["ageing"]


def test_accounts_of_customers_are_named_and_journals_lead_to_their_documents_and_back(
    world: World, browser_of: Browser
) -> None:
    client, customer = browser_of(world.admin), buyer(name="Meadow")
    invoice = final(customer, 5_000)
    row = LedgerAccount.objects.get(customer_id=customer.pk)
    assert "Receivable · Meadow" in client.get(f"{BASE}/accounts").content.decode()
    assert "Receivable · Meadow" in client.get(f"{BASE}/accounts/{row.pk}").content.decode()
    journal = client.get(f"{BASE}/journals/{invoice.journal_id}").content.decode()
    assert f'href="/platform/invoices/{invoice.pk}"' in journal
    assert "Receivable · Meadow" in journal
    assert (
        f'href="{BASE}/journals/{invoice.journal_id}"'
        in client.get(f"/platform/invoices/{invoice.pk}").content.decode()
    )


def test_ageing_is_a_file_harmless_and_told_of(world: World, browser_of: Browser) -> None:
    with clock.at(AT):
        first, second = customer_of(organisation(), name="=Evil"), buyer()
        aged(first, 10, amount=1234)
        aged(second, -5, 95)
        client, where = browser_of(world.admin), f"{BASE}/ageing"
        asked = {"to": "2026-06-30", "currency": "EUR"}
        page = client.get(where, asked).content.decode()
        assert "format=csv" in page
        assert "format=xlsx" in page
        reply = client.get(where, {**asked, "format": "csv"})
        lines = reply.content.decode("utf-8-sig").splitlines()
        assert reply["Content-Disposition"] == 'attachment; filename="ageing-eur-2026-06-30.csv"'
        assert (
            lines[0]
            == "Customer,Currency,Not due yet,1 to 30 days,31 to 60 days,61 to 90 days,Over 90 days,No document,Owed"
        )
        assert lines[1] == "'=Evil,EUR,0.00,12.34,0.00,0.00,0.00,0.00,12.34"
        assert lines[2].endswith(",EUR,1.00,0.00,0.00,0.00,1.00,0.00,2.00")
        assert client.get(where, {**asked, "format": "xlsx"}).content[:2] == b"PK"
        assert Event.objects.filter(code="kit.list.exported", data__list="billing.ageing").count() == 2
        assert client.get(where, {**asked, "format": "pdf"}).status_code == 404
        assert browser_of(world.clerk).get(where, {**asked, "format": "csv"}).status_code == 403
        assert Event.objects.filter(code="kit.list.exported").count() == 2


def test_the_last_proof_has_series_and_old_ones_go_but_for_the_last() -> None:
    from billing.metrics import _proof
    from maintenance.cleaning.found import Pace
    from maintenance.cleaning.rows import TableRows
    from portal.kit.registry import cleanups

    assert _proof() == {
        "steward_billing_proof_last_run_timestamp_seconds": [],
        "steward_billing_proof_differences": [],
    }
    long_ago = AT - timedelta(days=900)
    with context.system("a test"), writing():
        for days, wrong in ((0, 5), (1, 0), (2, 3)):
            at = long_ago + timedelta(days=days)
            ProofRun.objects.create(started_at=at, ended_at=at, wrong=wrong)
        ended = (long_ago + timedelta(days=2)).timestamp()
        assert _proof() == {
            "steward_billing_proof_last_run_timestamp_seconds": [((), ended)],
            "steward_billing_proof_differences": [((), 3)],
        }
        spec = cleanups.get("billing.proof_runs")
        TableRows(spec, AT - spec.keep).step(None, Pace(100))
        assert [row.wrong for row in ProofRun.objects.all()] == [3]


def test_what_was_overdue_on_a_day_stays_whatever_became_of_it_since() -> None:
    overdue = kpis.get("overdue")
    assert overdue.parts is not None
    day, later = Span(AT - timedelta(days=30), AT, "EUR"), Span(AT, AT + timedelta(days=10), "EUR")
    with clock.at(AT):
        made = aged(buyer(), 5, 40, 70, 100, -3)
    half, whole, noted, given_up, _not_late = made
    paid(half, 40)  # By the clock of today: after that day.
    paid(whole)
    note(noted, amount=30, to="open")
    with context.system("a test") as current:
        invoice_mark_uncollectible(actor=current.actor, invoice=given_up)
    assert overdue.read(day).value == 400
    assert {part.label: part.value for part in overdue.parts(day)} == {
        "1-30": 100,
        "31-60": 100,
        "61-90": 100,
        "90+": 100,
    }
    assert overdue.read(Span(day.start, clock.now() + timedelta(days=1), "EUR")).value == 60 + 70 + 100
    assert overdue.read(later).value == 500, "the one that was not late yet is, ten days on"
    assert overdue.read(Span(day.start, AT, "USD")).value == 0
