"""What staff does with money by hand, and checkouts, over the API: once per key, by right, and nothing after a refusal."""

import json
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from billing import document_books as books
from billing.ledger import balance
from billing.models import Invoice, Journal, Payment, PaymentLink, Settlement
from portal.kit.models import OutboundMessage
from tests.accounts.organisation_world import make_house
from tests.billing.api_world import eur
from tests.billing.document_world import buyer, credit, draft, final, fresh, receivable
from tests.billing.payment_world import payment_data, provider, told, worked
from tests.factories import make_world, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
NOTHING = "01890000-0000-7000-8000-000000000000"


def _post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    sent = json.dumps(body or {})
    return client.generic("POST", f"/api/v1/{path}", sent, content_type="application/json", headers=headers)


def _traces() -> tuple[int, ...]:
    events = Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.started"])
    return (Journal.objects.count(), Settlement.objects.count(), OutboundMessage.objects.count(), events.count())


def test_credit_is_given_once_per_key_and_pays_what_is_open() -> None:
    world = make_world()
    admin, customer = signed_in(world.admin), buyer()
    invoice = final(customer, 30_00)
    body = {"amount": eur(50_00), "reason": "An outage", "key": "courtesy-0001"}
    where = f"customers/{customer.pk}/credits"
    first = _post(admin, where, body)
    assert (first.status_code, first.json()) == (
        201,
        {"owed": eur(0), "credit": eur(20_00), "prepaid": eur(0), "net": eur(-20_00)},
    )
    before = _traces()
    assert _post(admin, where, body).json() == first.json()
    assert _traces() == before
    assert (fresh(invoice).state, credit(customer)) == ("paid", 20_00)
    assert Event.objects.filter(code="billing.customer.credited", target_id=customer.pk).count() == 1
    for values, status, code in (
        ({"amount": eur(49_99)}, 409, "billing.document_key_conflict"),
        ({"amount": eur(0)}, 422, "kit.invalid"),
        ({"amount": {"amount": 1_00, "currency": "USD"}}, 422, "kit.invalid"),
        ({"amount": 100}, 422, "kit.invalid"),
        ({"key": "short"}, 422, "kit.invalid"),
        ({"reason": ""}, 422, "kit.invalid"),
    ):
        refused = _post(admin, where, body | {"key": "courtesy-0002"} | values | _same_key(values, "courtesy-0001"))
        assert (refused.status_code, refused.json()["code"]) == (status, code), values
    assert _post(admin, f"customers/{NOTHING}/credits", body).status_code == 404
    assert _post(signed_in(world.manager), where, body | {"key": "courtesy-0003"}).status_code == 403
    assert (_traces(), credit(customer)) == (before, 20_00)
    other = buyer(entity=customer.entity)
    assert _post(admin, f"customers/{other.pk}/credits", body).json()["credit"] == eur(50_00), (
        "A key is one customer's."
    )


def _same_key(values: dict[str, Any], key: str) -> dict[str, str]:
    return {"key": key} if values == {"amount": eur(49_99)} else {}


def test_the_prepaid_balance_is_filled_out_of_credit_or_as_a_courtesy_and_lowered_again() -> None:
    world = make_world()
    admin, customer = signed_in(world.admin), buyer()
    where = f"customers/{customer.pk}/prepaid"
    _post(admin, f"customers/{customer.pk}/credits", {"amount": eur(80_00), "reason": "Came", "key": "courtesy-0001"})

    def adjust(amount: int, key: str, **values: Any) -> Any:
        return _post(admin, where, {"amount": eur(amount), "reason": "Agreed", "key": key, **values})

    assert adjust(60_00, "prepaid-0001", funding="credit").json() == {
        "owed": eur(0),
        "credit": eur(20_00),
        "prepaid": eur(60_00),
        "net": eur(-20_00),
    }
    assert adjust(5_00, "prepaid-0002").json()["prepaid"] == eur(65_00)
    assert adjust(-15_00, "prepaid-0003", funding="credit").json()["credit"] == eur(35_00)
    again = adjust(-15_00, "prepaid-0003", funding="credit").json()
    assert (again["prepaid"], again["credit"]) == (eur(50_00), eur(35_00))
    codes = Event.objects.filter(target_id=customer.pk).order_by("id").values_list("code", flat=True)
    assert list(codes)[-3:] == [*["billing.customer.topped_up"] * 2, "billing.prepaid.lowered"]
    before = _traces()
    for refused, status, code in (
        (adjust(-50_01, "prepaid-0004"), 409, "billing.account_overdrawn"),
        (adjust(35_01, "prepaid-0005", funding="credit"), 409, "billing.account_overdrawn"),
        (adjust(15_00, "prepaid-0003"), 409, "billing.document_key_conflict"),
        (adjust(-15_00, "prepaid-0003"), 409, "billing.document_key_conflict"),
        (adjust(0, "prepaid-0006"), 422, "kit.invalid"),
        (adjust(1, "prepaid-0007", funding="bank"), 422, "kit.invalid"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    body = {"amount": eur(1_00), "reason": "No right", "key": "prepaid-0008"}
    assert _post(signed_in(world.manager), where, body).status_code == 403
    assert (_traces(), balance(books.wallet(customer)), credit(customer)) == (before, 50_00, 35_00)
    bought = final(customer, 40_00)
    assert (fresh(bought).state, balance(books.wallet(customer)), credit(customer)) == ("paid", 45_00, 0)


def test_a_rest_is_written_off_once_per_key_and_never_more_than_is_due() -> None:
    world = make_world()
    admin, invoice = signed_in(world.admin), final(buyer(), 100_00)
    where, body = f"invoices/{invoice.pk}/write-offs", {"amount": eur(30_00), "key": "write-off-0001"}
    first, again = _post(admin, where, body), _post(admin, where, body)
    assert (first.status_code, first.json()["due"], again.json()) == (201, eur(70_00), first.json())
    before = _traces()
    other = final(buyer(), 10_00)
    before = _traces()
    for path, values, status, code in (
        (where, {"amount": eur(29_00)}, 409, "billing.document_key_conflict"),
        (f"invoices/{other.pk}/write-offs", {"amount": eur(1_00)}, 409, "billing.document_key_conflict"),
        (where, {"amount": eur(70_01), "key": "write-off-0002"}, 409, "billing.more_than_due"),
        (where, {"amount": eur(-1), "key": "write-off-0003"}, 422, "kit.invalid"),
        (f"invoices/{draft(buyer(), 5).pk}/write-offs", {"key": "write-off-0004"}, 409, "billing.invoice_move"),
    ):
        before = _traces()
        refused = _post(admin, path, body | values)
        assert (refused.status_code, refused.json()["code"], _traces()) == (status, code, before), values
    assert _post(signed_in(world.manager), where, body | {"key": "write-off-0005"}).status_code == 403
    assert (fresh(invoice).due, fresh(invoice).written_off, receivable(invoice.customer)) == (70_00, 30_00, 70_00)


def test_a_link_is_told_once_works_and_ends() -> None:
    world = make_world()
    admin, invoice = signed_in(world.admin), final(buyer(), 10_00)
    where = f"/api/v1/invoices/{invoice.pk}/links"
    mailed = PaymentLink.objects.count()
    made = admin.post(where)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    address = made.json()["address"]
    assert Client().get("/" + address.split("/", 3)[3]).status_code == 302
    listed = admin.get(where)
    assert (len(listed.json()["items"]), address.rpartition("/")[2] in listed.content.decode()) == (mailed + 1, False)
    assert signed_in(world.manager).post(where).status_code == 403
    assert signed_in(world.manager).delete(where).status_code == 403
    assert admin.post(f"/api/v1/invoices/{draft(buyer(), 5).pk}/links").json()["code"] == "billing.invoice_move"
    assert PaymentLink.objects.filter(revoked_at=None).count() == mailed + 1
    assert admin.delete(where).status_code == 204
    assert not PaymentLink.objects.filter(invoice=invoice, revoked_at=None).exists()
    assert Client().get("/" + address.split("/", 3)[3]).status_code == 404
    assert Event.objects.filter(code="billing.payment_link.revoked").count() == mailed + 1


def test_an_organisation_begins_a_checkout_once_per_idempotency_key_and_pays_there() -> None:
    house, other = make_house("Harbour"), make_house("Island")
    customer = buyer(where=house.organisation)
    invoice, theirs = final(customer, 90_00), final(buyer(where=other.organisation), 10_00)
    provider()
    owner, inside = signed_in(house.owner), {"Steward-Organisation": str(house.id)}
    where = f"organisations/{house.id}/billing/invoices/{invoice.pk}/checkouts"
    body, once = {"amount": eur(60_00), "save_method": True}, {**inside, "Idempotency-Key": "checkout-0001"}
    first, again = _post(owner, where, body, **once), _post(owner, where, body, **once)
    assert (first.status_code, first.json()["amount"], again.json()) == (201, eur(60_00), first.json())
    payment = Payment.objects.get()
    assert (str(payment.pk), payment.checkout_ref) == (first.json()["payment_id"], first.json()["order_ref"])
    page = first.json()["url"].split("/", 3)[3]
    assert page.startswith("sandbox-checkout/")
    assert Client().get(f"/{page}").status_code == 200
    told("payment.succeeded", payment_data(payment))
    worked()
    assert fresh(invoice).due == 30_00
    for path, values, status, code in (
        (where, {"amount": eur(30_01)}, 422, "kit.invalid"),
        (where, {"amount": {"amount": 1, "currency": "USD"}}, 422, "kit.invalid"),
        (where.replace(str(invoice.pk), str(theirs.pk)), {}, 404, "kit.not_found"),
        (where.replace(str(invoice.pk), str(draft(customer, 5).pk)), {}, 409, "billing.nothing_due"),
    ):
        refused = _post(owner, path, values, **inside)
        assert (refused.status_code, refused.json()["code"]) == (status, code), values
    assert _post(signed_in(house.viewer), where, {}, **inside).status_code == 403
    assert Payment.objects.count() == 1


def test_staff_begins_a_checkout_and_without_a_provider_nothing_is_written() -> None:
    world = make_world()
    admin, invoice = signed_in(world.admin), final(buyer(), 10_00)
    where = f"invoices/{invoice.pk}/checkouts"
    refused = _post(admin, where)
    assert (refused.json()["code"], Payment.objects.count()) == ("billing.no_provider", 0)
    provider()
    made = _post(admin, where)
    assert (made.status_code, made.json()["provider"], made.json()["amount"]) == (201, "sandbox", eur(10_00))
    assert _post(signed_in(world.manager), where).status_code == 403
    assert Payment.objects.count() == 1
    assert Invoice.objects.get().state == "open"


def test_a_journal_by_hand_is_posted_once_per_key_reversed_once_and_the_proof_runs() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    final(buyer(), 10_00)
    entries = [
        {"path": "expenses:marketing", "amount": eur(19_99)},
        {"path": "assets:bank:main", "amount": eur(-19_99), "reference": "receipt 7"},
    ]
    body = {
        "key": "marketing-0001",
        "event_at": "2026-03-10T12:00:00Z",
        "description": "Advertising",
        "reason": "Paid in cash",
        "entries": entries,
    }
    first, again = _post(admin, "ledger/journals", body), _post(admin, "ledger/journals", body)
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert [(one["path"], one["amount"]) for one in first.json()["entries"]] == [
        (one["path"], one["amount"]) for one in entries
    ]
    before = _traces()
    for values, status, code in (
        ({"description": "Other"}, 409, "billing.ledger_key_conflict"),
        ({"key": "marketing-0002", "entries": entries[:1]}, 422, "billing.journal_unbalanced"),
        ({"key": "marketing-0002", "entries": [{"path": "cash", "amount": eur(1)}]}, 422, "kit.invalid"),
        ({"key": "marketing-0002", "entries": [{"path": "assets:bank:main", "amount": 5}]}, 422, "kit.invalid"),
        ({"key": "short"}, 422, "kit.invalid"),
    ):
        refused = _post(admin, "ledger/journals", body | values)
        assert (refused.status_code, refused.json()["code"]) == (status, code), values
    manager = signed_in(world.manager)
    where = f"ledger/journals/{first.json()['id']}/reversal"
    taken = {"event_at": "2026-03-11T12:00:00Z", "reason": "Booked twice"}
    assert _post(manager, "ledger/journals", body | {"key": "marketing-0003"}).status_code == 403
    assert _post(manager, where, taken).status_code == 403
    assert _post(manager, "ledger/proof").status_code == 403
    assert _traces() == before
    reversed_by = _post(admin, where, taken)
    assert (reversed_by.status_code, reversed_by.json()["reverses_id"]) == (201, first.json()["id"])
    assert _post(admin, where, taken).json()["code"] == "billing.journal_reversed_already"
    assert _post(admin, f"ledger/journals/{NOTHING}/reversal", taken).status_code == 404
    run = _post(admin, "ledger/proof")
    assert (run.status_code, _post(admin, "ledger/proof").json()) == (202, run.json())
    assert "billing.prove" in worked()
    assert admin.get("/api/v1/ledger/proof").json()["differences"] == 0
