"""The books over the API: reports, closing, bank statements, and what providers told; by right, and nothing after a refusal."""

from typing import Any

import pytest

from audit.models import Event
from billing.ledger.chart import bank, income, receivable
from billing.models import Closing, Entry, Journal, Payment, ProviderAccount, ProviderEvent, StatementLine
from billing.services.provider_events import provider_event_process
from portal.kit import context
from portal.kit.services import writing
from tests.billing.api_world import called, eur, named
from tests.billing.document_world import buyer, final, fresh
from tests.billing.ledger_world import ANN, BOB, posted, sale
from tests.billing.payment_world import begun, payment_data, provider, told
from tests.cases.api import NOWHERE
from tests.factories import make_world, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
HEAD = "date,amount,currency,reference,counterparty,id\n"


def _rows() -> tuple[int, ...]:
    events = Event.objects.filter(code__startswith="billing.").count()
    return (
        Journal.objects.count(),
        Entry.objects.count(),
        StatementLine.objects.count(),
        Closing.objects.count(),
        events,
    )


def test_reports_say_the_same_as_the_books() -> None:
    admin = signed_in(make_world().admin)
    sale(50_00)
    posted((receivable(ANN, "EUR"), 30_00), (income("usage", "EUR"), -30_00))
    posted((receivable(BOB, "EUR"), 20_00), (income("usage", "EUR"), -20_00))
    sale(7_00, "USD")
    trial = called(admin, "GET", "ledger/trial-balance?currency=EUR&day=2026-03-01")[1]
    assert (trial["debit"], trial["credit"], trial["balanced"]) == (eur(100_00), eur(100_00), True)
    assert [
        (one["path"], one["accounts"], one["debit"]["amount"], one["credit"]["amount"]) for one in trial["items"]
    ] == [
        ("assets:bank:main", 1, 50_00, 0),
        ("receivable", 2, 50_00, 0),
        ("income:subscription", 1, 0, 50_00),
        ("income:usage", 1, 0, 50_00),
    ]
    assert [one["account_id"] is None for one in trial["items"]] == [False, True, False, False]
    sheet = called(admin, "GET", "ledger/balance-sheet?currency=EUR&day=2026-03-01")[1]
    parts = ("assets", "liabilities", "equity", "result")
    assert [sheet[name]["amount"] for name in parts] == [100_00, 0, 100_00, 100_00]
    assert (sheet["balanced"], [one["kind"] for one in sheet["items"]]) == (True, ["asset", "asset"])
    earned = called(admin, "GET", "ledger/income-statement?currency=EUR&from=2026-03-01&to=2026-03-01")[1]
    assert [earned[name]["amount"] for name in ("income", "expenses", "result")] == [100_00, 0, 100_00]
    assert called(admin, "GET", "ledger/trial-balance?currency=EUR&day=2026-02-28")[1]["items"] == []
    before = called(admin, "GET", "ledger/income-statement?currency=EUR&from=2026-02-01&to=2026-02-28")[1]
    assert (before["result"], before["items"]) == (eur(0), [])
    assert called(admin, "GET", "ledger/trial-balance?currency=USD&day=2026-03-01")[1]["debit"]["amount"] == 7_00


def test_reports_refuse_days_that_are_none_and_people_without_the_right() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    for path in (
        "trial-balance?day=tomorrow",
        "balance-sheet?currency=XXX",
        "income-statement?from=2026-02-02&to=2026-02-01",
    ):
        status, problem = called(admin, "GET", f"ledger/{path}")
        assert (status, problem["code"]) == (400, "kit.parameter_malformed")
    for path in ("trial-balance", "balance-sheet", "income-statement", "closings", "statements"):
        assert called(manager, "GET", f"ledger/{path}")[0] == 403
        assert called(admin, "GET", f"ledger/{path}")[0] == 200


def test_books_are_closed_and_opened_again() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    body = {"until": "2026-02-28", "reason": "Told to the tax office"}
    status, closed = called(admin, "POST", "ledger/closings", body)
    assert (status, closed["until"], closed["reopens"]) == (201, "2026-03-01T00:00:00Z", False)
    journal = {
        "key": "marketing-0001", "event_at": "2026-02-28T12:00:00Z", "description": "Advertising", "reason": "Cash",
        "entries": [
            {"path": "expenses:marketing", "amount": eur(5)}, {"path": "assets:bank:main", "amount": eur(-5)},
        ],
    }  # fmt: skip
    before = _rows()
    assert called(admin, "POST", "ledger/journals", journal)[1]["code"] == "billing.period_closed"
    for wrong, status, code in (
        ({"until": "2999-01-01"}, 422, "billing.period_not_over"),
        ({"until": "2026-02-28"}, 409, "billing.period_closed_already"),
        ({"until": "2026-04-01", "reopens": True}, 409, "billing.period_not_closed"),
        ({"reason": ""}, 422, "kit.invalid"),
        ({"until": "soon"}, 422, "kit.invalid"),
    ):
        found = called(admin, "POST", "ledger/closings", body | wrong)
        assert (found[0], found[1]["code"]) == (status, code), wrong
    assert called(signed_in(world.manager), "POST", "ledger/closings", body)[0] == 403
    assert _rows() == before
    status, opened = called(admin, "POST", "ledger/closings", body | {"until": "2026-01-31", "reopens": True})
    assert (status, opened["reopens"], opened["until"]) == (201, True, "2026-02-01T00:00:00Z")
    assert called(admin, "POST", "ledger/journals", journal)[0] == 201
    listed = called(admin, "GET", "ledger/closings")[1]["items"]
    assert [one["id"] for one in listed] == [opened["id"], closed["id"]]
    assert Event.objects.filter(code__in=["billing.period.closed", "billing.period.reopened"]).count() == 2


def test_a_statement_is_imported_once_and_each_line_is_settled_once() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    sale(19_99)
    lines = "2026-03-01,19.99,EUR,INV-1,Ann,B-1\n2026-03-01,-5.00,EUR,Fees,Bank,B-2\n2026-03-02,8.00,EUR,Own,We,B-3\n"
    body = {"bank": "main", "csv": HEAD + lines}
    assert called(admin, "POST", "ledger/statements", body) == (201, {"added": 3, "known": 0})
    assert called(admin, "POST", "ledger/statements", body) == (201, {"added": 0, "known": 3})
    listed = called(admin, "GET", "ledger/statements?state=open&sort=booked")[1]["items"]
    paid, fees, own = sorted(listed, key=lambda one: str(one["external_id"]))
    assert (paid["amount"], paid["state"], fees["amount"]) == (eur(19_99), "open", eur(-5_00))
    journal = Journal.objects.latest("recorded_at")
    before = _rows()
    for wrong, code in (
        ({"csv": "date,amount\n2026-03-01,1"}, "billing.statement_unreadable"),
        (
            {"csv": HEAD + "2026-03-01,1.00,EUR,ok,Ann,B-9\nnever,1.00,EUR,bad,Ann,B-10\n"},
            "billing.statement_unreadable",
        ),
        ({"bank": "my bank"}, "kit.invalid"),
    ):
        status, problem = called(admin, "POST", "ledger/statements", body | wrong)
        assert (status, problem["code"]) == (422, code)
    where = {one["external_id"]: f"ledger/statements/{one['id']}" for one in (paid, fees, own)}
    match = {"journal_id": str(journal.pk)}
    for path, sent, status, code in (
        (f"{where['B-2']}/match", match, 409, "billing.journal_differs"),
        (f"{where['B-1']}/match", {"journal_id": NOWHERE}, 404, "kit.not_found"),
        (f"{where['B-2']}/post", {"path": "fees"}, 422, "kit.invalid"),
        (f"{where['B-3']}/ignore", {"note": ""}, 422, "kit.invalid"),
        (f"ledger/statements/{NOWHERE}/ignore", {"note": "Own"}, 404, "kit.not_found"),
    ):
        found = called(admin, "POST", path, sent)
        assert (found[0], found[1]["code"]) == (status, code), path
    assert called(signed_in(world.manager), "POST", f"{where['B-1']}/match", match)[0] == 403
    assert _rows() == before
    done = called(admin, "POST", f"{where['B-1']}/match", match)[1]
    assert (done["state"], done["journal_id"]) == ("matched", str(journal.pk))
    done = called(admin, "POST", f"{where['B-2']}/post", {"path": "expenses:fees:bank"})[1]
    assert (done["state"], Entry.objects.filter(journal_id=done["journal_id"]).count()) == ("matched", 2)
    done = called(admin, "POST", f"{where['B-3']}/ignore", {"note": "Between our own"})[1]
    assert (done["state"], done["note"], done["journal_id"]) == ("ignored", "Between our own", None)
    before = _rows()
    for path, sent in (
        (f"{where['B-1']}/match", match),
        (f"{where['B-2']}/post", {"path": "expenses:fees:bank"}),
        (f"{where['B-3']}/ignore", {"note": "Again"}),
    ):
        assert called(admin, "POST", path, sent)[1]["code"] == "billing.statement_line_settled"
    assert _rows() == before
    assert bank("main", "EUR").path == "assets:bank:main"


def test_what_a_provider_told_is_read_and_done_again_where_it_failed() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    invoice = final(buyer(), 80_00)
    payment = begun(invoice)
    told("payment.succeeded", {**payment_data(payment), "id": "sbxp_else", "reference": "none"}, ref="sbxe_lost")
    event = ProviderEvent.objects.get()
    with context.system("a test") as current:
        while provider_event_process(actor=current.actor, event_id=event.pk).state != "failed":
            pass
    where = f"provider-events/{event.pk}"
    failed = called(admin, "GET", "provider-events?state=failed")[1]["items"]
    assert [(one["id"], one["event_ref"], one["error"] != "") for one in failed] == [(str(event.pk), "sbxe_lost", True)]
    assert called(admin, "GET", where)[1]["state"] == "failed"
    assert called(manager, "GET", where)[0] == called(manager, "POST", f"{where}/replay")[0] == 403
    assert called(admin, "POST", f"{where}/replay")[1]["state"] == "failed"
    with context.system("a test"), writing():
        Payment.objects.filter(pk=payment.pk).update(provider_ref="sbxp_else")
    assert called(admin, "POST", f"{where}/replay")[1]["state"] == "processed"
    again = called(admin, "POST", f"{where}/replay")
    assert (again[0], again[1]["code"]) == (409, "billing.provider_event_done")
    assert called(admin, "POST", f"provider-events/{NOWHERE}/replay")[0] == 404
    assert (fresh(invoice).due, Event.objects.filter(code="billing.webhook.replayed").count()) == (0, 2)


def test_an_account_at_a_provider_is_set_up() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    body: dict[str, Any] = {"provider": "manual", "code": "bank", "label": "Our bank"}
    status, made = called(admin, "POST", "payment-providers", body)
    assert (status, made["code"], made["is_default"], made["live"]) == (201, "bank", True, False)
    before = ProviderAccount.objects.count(), Event.objects.filter(code="billing.provider.created").count()
    for wrong, field in (
        ({}, "code"),
        ({"code": "other", "provider": "cheque"}, "provider"),
        ({"code": "box", "provider": "sandbox", "live": True}, "live"),
    ):
        status, problem = called(admin, "POST", "payment-providers", body | wrong)
        assert (status, named(problem)) == (422, [field])
    assert called(signed_in(world.manager), "POST", "payment-providers", body | {"code": "mine"})[0] == 403
    assert (ProviderAccount.objects.count(), Event.objects.filter(code="billing.provider.created").count()) == before
    assert provider().code
