"""Customers and subscriptions that ran elsewhere: a dry run, then row by row, each once, and nothing billed twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Organisation, User
from accounts.services.organisations import organisation_create
from audit.models import Event
from billing.customer_csv import COLUMNS, SAMPLE, parse
from billing.errors.customers import ImportGone, ImportUnreadable
from billing.models import Customer, CustomerImport, ImportedRow, Invoice, Subscription
from billing.plan_named import plan_named
from billing.services import customer_imports as services
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import plan, step, subscribed
from tests.billing.test_subscription_changes import traces
from tests.factories import World, actor_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
Browser = Callable[[User], Client]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = "external_id,organisation,name,currency,plan,quantity,started_at,billed_until\n"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.at(NOW):
        yield


@pytest.fixture
def code() -> str:
    """The code of a plan of 10.00 a month; somebody sells."""
    seller(regime="none")
    return str(plan(1000).plan.code)


def _upload(actor: User, text: str) -> CustomerImport:
    with context.acting(actor_of(actor)) as current:
        return services.import_upload(actor=current.actor, filename="old.csv", content=text.encode())


def _run(actor: User, found: CustomerImport) -> JobRun:
    with context.acting(actor_of(actor)) as current:
        run_id = services.import_confirm(actor=current.actor, import_id=found.pk)
    runner.execute(run_id)
    return JobRun.objects.get(pk=run_id)


def test_a_dry_run_makes_nothing_and_the_run_bills_only_what_was_not_billed(world: World, code: str) -> None:
    text = (
        f"{HEAD}old-1,meadow,Meadow Dairy,EUR,{code},2,2024-03-15,2026-12-15\n"
        f"old-2,harbour,Harbour Crafts,EUR,{code},1,2024-01-20,2026-10-20\n"
        "old-3,quiet,Quiet Corner,EUR,,,,\n"
    )
    before = traces()
    found = _upload(world.admin, text)
    assert traces() == before
    assert (len(found.accepted), found.known, found.refused) == (3, [], [])
    assert not Organisation.objects.filter(slug="meadow").exists()
    run = _run(world.admin, found)
    assert (run.state, run.result, run.done, run.total) == ("succeeded", {"imported": 3, "failed": 0}, 3, 3)
    ahead, behind = (Subscription.objects.get(customer__name=name) for name in ("Meadow Dairy", "Harbour Crafts"))
    assert (ahead.state, ahead.mrr, ahead.current_period_end.day) == ("active", 1000, 15)
    assert not Invoice.objects.filter(subscription_id=ahead.pk).exists()
    # One period since, and the one that begins today: 20 October to 20 December.
    assert list(Invoice.objects.filter(subscription_id=behind.pk).values_list("total", flat=True)) == [2000]
    step(ahead, "2026-12-14")
    assert not Invoice.objects.filter(subscription_id=ahead.pk).exists()
    step(ahead, "2026-12-15")
    assert Invoice.objects.get(subscription_id=ahead.pk).total == 1000
    assert not Subscription.objects.filter(customer__name="Quiet Corner").exists()
    codes = Event.objects.filter(code__startswith="billing.import.").order_by("id").values_list("code", flat=True)
    assert list(codes) == ["billing.import.confirmed", "billing.import.done"]


def test_the_same_file_again_changes_nothing_and_a_killed_run_goes_on(world: World, code: str) -> None:
    rows = [f"old-{n},place-{n},Place {n},EUR,{code},1,2026-11-15,2026-12-15\n" for n in range(4)]
    found = _upload(world.admin, HEAD + "".join(rows[:2]))
    again = _upload(world.admin, HEAD + "".join(rows))
    _run(world.admin, found)
    with context.acting(actor_of(world.admin)) as current:
        first = services.import_confirm(actor=current.actor, import_id=again.pk)
        assert services.import_confirm(actor=current.actor, import_id=again.pk) == first
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=first).update(cursor={"next": 3, "done": 3})  # It died after its third row.
    runner.execute(first)
    assert ImportedRow.objects.count() == Subscription.objects.count() == 3
    last = _upload(world.admin, HEAD + "".join(rows))
    assert ([one[1] for one in last.known], len(last.accepted)) == (["old-0", "old-1", "old-3"], 1)
    assert _run(world.admin, last).result == {"imported": 1, "failed": 0}
    assert ImportedRow.objects.count() == Subscription.objects.count() == Customer.objects.count() == 4


def test_a_row_that_became_wrong_is_left_out_whole_and_the_others_go_on(world: World, code: str) -> None:
    rows = f"a,meadow,Meadow,EUR,{code},1,2026-11-15,2026-12-15\nb,harbour,Harbour,EUR,,,,\n"
    found = _upload(world.admin, HEAD + rows)
    with context.system("a test") as current:
        made = organisation_create(actor=current.actor, name="Meadow", slug="meadow")
    subscribed(customer_of(made), _version(code), "2026-11-01")
    run = _run(world.admin, found)
    assert run.result == {"imported": 1, "failed": 1}
    found.refresh_from_db()
    [(line, external_id, why)] = found.failed
    assert (line, external_id, found.state) == (2, "a", "done")
    assert "running subscription" in why
    assert list(ImportedRow.objects.values_list("external_id", flat=True)) == ["b"]


def _version(code: str) -> Any:
    return plan_named(code, "EUR")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("external_id", "", "Fill this in"),
        ("external_id", "x" * 81, "Shorten it"),
        ("organisation", "No Name!", "lower-case letters"),
        ("email", "nobody", "valid email"),
        ("country", "QQ", "no such country"),
        ("time_zone", "Mars", "no such time zone"),
        ("currency", "XXQ", "currency"),
        ("currency", "USD", "pays in EUR"),
        ("plan", "gold", "No plan with this code is sold in EUR"),
        ("plan", "", "Name the plan as well"),
        ("quantity", "0", "whole number"),
        ("quantity", "1.5", "whole number"),
        ("started_at", "yesterday", "Write a day"),
        ("started_at", "", "Say when"),
        ("started_at", "2027-01-01", "lies ahead"),
        ("billed_until", "2024-01-01", "before the start"),
        ("billed_until", "2036-01-01", "three years"),
    ],
)
def test_what_cannot_go_in_is_named_with_what_to_do(
    world: World, code: str, column: str, value: str, says: str
) -> None:
    made = organisation("Meadow")
    customer_of(made)
    good = {
        "external_id": "old-1",
        "organisation": made.slug,
        "plan": code,
        "quantity": "1",
        "started_at": "2026-11-15",
        "billed_until": "2026-12-15",
    }
    row = ",".join({**dict.fromkeys(COLUMNS, ""), **good, column: value}[name] for name in COLUMNS)
    before = traces()
    found = _upload(world.admin, f"{','.join(COLUMNS)}\n{row}\n")
    assert found.accepted == []
    wrong = {told[1]: told[3] for told in found.refused}
    assert says.lower() in " ".join(wrong.values()).lower(), wrong
    assert column in wrong or (column, value) == ("plan", "")
    assert traces() == before
    with context.acting(actor_of(world.admin)) as current, pytest.raises(ImportGone):
        services.import_confirm(actor=current.actor, import_id=found.pk)


def test_rows_that_contradict_each_other_and_files_that_are_none(world: World, code: str) -> None:
    dates = "1,2026-11-15,2026-12-15"
    found = _upload(
        world.admin,
        f"{HEAD}a,one,One,EUR,{code},{dates}\na,two,Two,EUR,,,,\nb,one,One,EUR,{code},{dates}\nc,one,One,USD,,,,\nd,x,X,EUR,,,,,extra\n",
    )
    assert [(row[0], row[1]) for row in found.refused] == [(3, "external_id"), (4, "plan"), (5, "currency"), (6, "")]
    busy, _ = subscribed(customer_of(organisation("Busy")), _version(code), "2026-11-01")
    slug = busy.customer.organisation.slug
    running = _upload(world.admin, f"{HEAD}e,{slug},Busy,EUR,{code},{dates}\n")
    assert [row[1] for row in running.refused] == ["plan"]
    before = CustomerImport.objects.count()
    for content in (b"", b"name\nx\n", b"PK\x03\x04\xff", b"a\0b", HEAD.encode() + b'"open', b"x" * 2_000_001):
        with pytest.raises(ImportUnreadable):
            parse(content)
    with pytest.raises(ImportUnreadable, match="twice"):
        parse(b"external_id,organisation,plan,plan\n")
    with pytest.raises(ImportUnreadable, match="more than"):
        parse(HEAD.encode() + b"a,b,,,,,,\n" * 5_001)
    assert parse(("\ufeff" + SAMPLE.replace(",", ";")).encode()).refused == []
    assert CustomerImport.objects.count() == before


def test_staff_uploads_looks_and_confirms_on_pages(world: World, browser_of: Browser, code: str) -> None:
    client, page = browser_of(world.admin), "/platform/customers/import"
    assert page in client.get("/platform/customers").content.decode()
    assert "external_id" in client.get(page).content.decode()
    assert client.get(f"{page}/sample.csv").content.decode("utf-8-sig") == SAMPLE

    def send(text: str) -> Any:
        return client.post(page, {"file": SimpleUploadedFile("old.csv", text.encode())})

    assert send("nothing").status_code == 422
    assert client.post(page).status_code == 422
    rows = f"a,meadow,Meadow,EUR,{code},3,2026-09-15,2026-10-15\nb,harbour,Harbour,EUR,gold,1,2026-11-15,2026-12-15\n"
    address = send(HEAD + rows)["Location"]
    shown = client.get(address).content.decode()
    for words in ("Import 1 row", "No plan with this code", "at once, from", "meadow"):
        assert words in shown, words
    assert browser_of(world.manager).get(address).status_code == 403
    assert browser_of(world.manager).post(f"{address}/confirm").status_code == 403
    assert browser_of(world.root).get(address).status_code == 404, "Another person's upload."
    reply = client.post(f"{address}/confirm")
    found = CustomerImport.objects.get()
    assert reply["Location"] == f"/platform/jobs/{found.run_id}"
    assert client.post(f"{address}/confirm")["Location"] == reply["Location"]
    runner.execute(UUID(str(found.run_id)))
    assert "Look at the job" in client.get(address).content.decode()
    assert Customer.objects.get().name == "Meadow"
    late = _upload(world.admin, f"{HEAD}z,late,Late,EUR,,,,\n")
    with clock.at(NOW + timedelta(days=3)):
        assert browser_of(world.admin).post(f"{page}/{late.pk}/confirm").status_code == 409


def test_the_api_checks_confirms_and_tells(world: World, browser_of: Browser, code: str) -> None:
    client, address, kind = browser_of(world.admin), "/api/v1/customer-imports", "application/json"
    rows = f"a,meadow,Meadow,EUR,{code},3,2026-11-15,2026-12-15\nb,harbour,Harbour,EUR,gold,1,2026-11-15,2026-12-15\n"
    made = client.post(address, {"csv": HEAD + rows}, content_type=kind)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["state"], told["ready"], told["refused"][0]["column"]) == ("preview", ["a"], "plan")
    assert client.post(address, {"csv": "nothing"}, content_type=kind).json()["code"] == "billing.import_unreadable"
    assert browser_of(world.manager).post(address, {"csv": HEAD}, content_type=kind).status_code == 403
    sent = client.post(f"{address}/{told['id']}/confirm", content_type=kind)
    assert (sent.status_code, sent.json()["state"]) == (202, "confirmed")
    runner.execute(UUID(sent.json()["run_id"]))
    assert client.get(f"{address}/{told['id']}").json()["state"] == "done"
    assert browser_of(world.root).get(f"{address}/{told['id']}").status_code == 404
    assert Subscription.objects.get().items.get().quantity == 3


def test_a_long_file_says_how_many_rows_the_page_leaves_out(world: World, browser_of: Browser, code: str) -> None:
    good = "".join(f"old-{n},place-{n},Place {n},EUR,,,,\n" for n in range(201))
    bad = "".join(f"bad-{n},wrong-{n},Wrong {n},XXX,,,,\n" for n in range(202))
    found = _upload(world.admin, HEAD + good + bad)
    page = browser_of(world.admin).get(f"/platform/customers/import/{found.pk}").content.decode()
    assert "1 more ready row is not shown" in page
    assert "2 more refused values are not shown" in page
