"""Money over the API: its one shape, an organisation's own documents by a key, what came by hand, secrets that stay in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from rest_framework import serializers

from audit.models import Event
from billing.models import Invoice, Journal, Payment, PaymentMethod, ProviderSecret
from portal.kit.api import ApiView, MoneyField
from tests.accounts.key_world import make_key
from tests.accounts.organisation_world import make_house
from tests.billing.api_world import eur
from tests.billing.document_world import buyer, credit, draft, final, fresh
from tests.billing.payment_world import card, provider
from tests.billing.test_credit_notes import note
from tests.factories import make_world, signed_in
from tests.structure.test_surface import ROUTES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
NOTHING = "01890000-0000-7000-8000-000000000000"
# Numbers of bodies that are no money: how many, how long, which. Whoever adds one says here that it is none.
COUNTS = {
    *("attempt", "attempts", "bill_day", "counted", "customers", "differences", "due_days", "duplicates", "events"),
    *(
        "accounts",
        "added",
        "addons",
        "fixed_days",
        "free_units",
        "known",
        "max_redemptions",
        "percent_off",
        "redeemed",
        "repeats",
    ),
    *("hard_limit", "interval_count", "limit", "millis", "number", "package_size", "percent", "position", "quantity"),
    *("refused", "resends", "soft_limit", "status", "trial_days", "up_to", "used", "version"),
}
RATES = {"unit_amount", "flat_amount", "free_amount"}  # Exact, beside the currency of their price; no sums of money.
FREE = {"dunning", "items", "refused", "failed"}  # A plan's terms, events of use, and rows of a file that were wrong.


def _send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    sent = json.dumps(body or {})
    return client.generic(method, f"/api/v1/{path}", sent, content_type="application/json", headers=headers)


def _fields(found: Any) -> Iterator[tuple[str, Any]]:
    """Every field of a body with all that is below it, but for what is inside of money."""
    for name, field in found.fields.items():
        inner = getattr(field, "child", field)
        if isinstance(inner, serializers.Serializer) and not isinstance(inner, MoneyField):
            yield from _fields(inner)
        else:
            yield name, inner


def _bodies() -> Iterator[tuple[str, Any]]:
    for route, callback in ROUTES:
        view = getattr(callback, "cls", None)
        if view is not None and issubclass(view, ApiView) and view.__module__.startswith("billing."):
            for declared in view.endpoints.values():
                for body in (declared.body, declared.reply, declared.items):
                    if body is not None:
                        yield route, body


def test_no_body_of_billing_has_an_amount_without_its_currency() -> None:
    assert get_resolver()
    bare, money = set(), 0
    for route, body in _bodies():
        for name, field in _fields(body()):
            money += isinstance(field, MoneyField)
            numeric = isinstance(field, serializers.IntegerField | serializers.FloatField | serializers.DecimalField)
            rate = name in RATES and isinstance(field, serializers.DecimalField)
            if (numeric and not rate and name not in COUNTS) or (
                isinstance(field, serializers.JSONField) and name not in FREE
            ):
                bare.add((route, body.__name__, name))
    assert bare == set()
    assert money > 50, "The sweep has found the money that there is."


@pytest.mark.parametrize(
    ("amount", "field"),
    [
        (100, "lines.0.amount"),
        ("1.00", "lines.0.amount"),
        ({}, "lines.0.amount.amount"),
        ({"amount": 100}, "lines.0.amount.currency"),
        ({"amount": "100", "currency": "EUR"}, "lines.0.amount.amount"),
        ({"amount": 100.0, "currency": "EUR"}, "lines.0.amount.amount"),
        ({"amount": True, "currency": "EUR"}, "lines.0.amount.amount"),
        ({"amount": 10**15 + 1, "currency": "EUR"}, "lines.0.amount.amount"),
        ({"amount": 100, "currency": "eur"}, "lines.0.amount.currency"),
        ({"amount": 100, "currency": "XAU"}, "lines.0.amount.currency"),
        ({"amount": 100, "currency": ["EUR"]}, "lines.0.amount.currency"),
        ({"amount": 100, "currency": "USD"}, "lines.0.amount.currency"),
        ({"amount": 100, "currency": "EUR", "cents": 1}, "lines.0.amount.cents"),
    ],
)
def test_money_of_another_shape_is_refused_by_name_and_nothing_is_made(amount: Any, field: str) -> None:
    admin, customer = signed_in(make_world().admin), buyer()
    events = Event.objects.count()
    body = {"customer_id": str(customer.pk), "lines": [{"description": "Setup", "amount": amount}]}
    reply = _send(admin, "POST", "invoices", body)
    assert (reply.status_code, reply.json()["code"]) == (422, "kit.invalid")
    assert field in {error["field"] for error in reply.json()["errors"]}
    assert (Invoice.objects.count(), Event.objects.count()) == (0, events)


def test_a_key_that_may_see_billing_reads_the_documents_and_the_balance_of_its_organisation() -> None:
    house, other = make_house("Harbour"), make_house("Island")
    customer = buyer("19", where=house.organisation)
    mine, unsent = final(customer, 100_00), draft(customer, 1_00)
    theirs = final(buyer("19", where=other.organisation), 100_00)
    credited = note(mine, amount=1_19, to="open")
    _key, secret = make_key(house.owner, house, scopes=["organisation:read", "billing:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    root = f"/api/v1/organisations/{house.id}/billing"

    listed = client.get(f"{root}/invoices").json()["items"]
    assert [(one["id"], one["total"], one["due"]) for one in listed] == [(str(mine.pk), eur(119_00), eur(117_81))]
    whole = client.get(f"{root}/invoices/{mine.pk}").json()
    assert [(one["net"], one["tax"], one["quantity"]) for one in whole["lines"]] == [(eur(100_00), eur(19_00), "1")]
    assert [(one["percent"], one["base"], one["amount"]) for one in whole["taxes"]] == [("19", eur(100_00), eur(19_00))]
    assert client.get(f"{root}/credit-notes/{credited.pk}").json()["total"] == eur(1_19)
    for path in (f"invoices/{mine.pk}", f"credit-notes/{credited.pk}"):
        pdf, xml = client.get(f"{root}/{path}/pdf"), client.get(f"{root}/{path}/factur-x")
        assert (pdf.status_code, pdf["Content-Type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
        assert (xml.status_code, xml["Content-Type"]) == (200, "application/xml")
        assert b"CrossIndustryInvoice" in xml.content
        assert xml["Content-Disposition"].endswith('.xml"')
    balance = client.get(f"{root}/balance").json()
    assert balance == {"owed": eur(117_81), "credit": eur(0), "prepaid": eur(0), "net": eur(117_81)}

    for path in (f"invoices/{unsent.pk}", f"invoices/{theirs.pk}", f"invoices/{theirs.pk}/pdf", f"invoices/{NOTHING}"):
        assert client.get(f"{root}/{path}").status_code == 404, path
    assert client.get(f"/api/v1/organisations/{other.id}/billing/invoices").status_code == 404
    saved = card(customer)
    for method in ("PATCH", "DELETE"):
        reply = _send(client, method, f"organisations/{house.id}/billing/payment-methods/{saved.pk}")
        assert reply.status_code in {403, 422}
    assert PaymentMethod.objects.get().removed_at is None
    assert client.get(f"/api/v1/invoices/{mine.pk}/pdf").status_code in {403, 404}


def test_staff_downloads_any_document_and_a_draft_has_no_electronic_form() -> None:
    world = make_world()
    manager, customer = signed_in(world.manager), buyer("19")
    made, unsent = final(customer, 100_00), draft(customer, 1_00)
    credited = note(made, amount=1_19, to="open")
    for path in (f"invoices/{made.pk}", f"credit-notes/{credited.pk}"):
        assert manager.get(f"/api/v1/{path}/pdf").content[:5] == b"%PDF-"
        assert b"CrossIndustryInvoice" in manager.get(f"/api/v1/{path}/factur-x").content
    assert manager.get(f"/api/v1/invoices/{unsent.pk}/pdf").content[:5] == b"%PDF-"
    refused = manager.get(f"/api/v1/invoices/{unsent.pk}/factur-x")
    assert (refused.status_code, refused.json()["code"]) == (409, "billing.not_electronic")
    assert manager.get(f"/api/v1/customers/{customer.pk}/balance").json()["owed"] == eur(117_81)
    clerk = signed_in(world.clerk)
    for path in (f"invoices/{made.pk}/pdf", f"invoices/{made.pk}/factur-x", f"customers/{customer.pk}/balance"):
        assert clerk.get(f"/api/v1/{path}").status_code == 403


def test_money_that_came_by_hand_is_written_down_once_per_key() -> None:
    world = make_world()
    admin, customer, bank = signed_in(world.admin), buyer(), provider("manual")
    invoice = final(customer, 100_00)
    body = {
        "customer_id": str(customer.pk),
        "account_id": str(bank.pk),
        "invoice_id": str(invoice.pk),
        "amount": eur(120_00),
        "fee": eur(1_00),
        "key": "transfer-0001",
        "reference": "INV 1",
    }
    first, again = _send(admin, "POST", "payments", body), _send(admin, "POST", "payments", body)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert (first.json()["applied"], first.json()["fee"], first.json()["reference"]) == (
        eur(100_00),
        eur(1_00),
        "INV 1",
    )
    assert (fresh(invoice).state, credit(customer)) == ("paid", 20_00)
    before = Journal.objects.count(), Event.objects.exclude(code="kit.access.denied").count()
    for values, status, code in (
        ({"amount": eur(119_00)}, 409, "billing.payment_key_reused"),
        ({"customer_id": str(buyer().pk), "invoice_id": None}, 422, "kit.invalid"),
        ({"key": "short"}, 422, "kit.invalid"),
        ({"key": "transfer-0002", "amount": {"amount": 1_00, "currency": "USD"}}, 422, "kit.invalid"),
        ({"key": "transfer-0002", "amount": eur(0)}, 422, "kit.invalid"),
        ({"key": "transfer-0002", "fee": eur(121_00)}, 422, "kit.invalid"),
        ({"key": "transfer-0002", "account_id": str(provider().pk)}, 422, "kit.invalid"),
        ({"key": "transfer-0002", "account_id": NOTHING}, 404, "kit.not_found"),
        ({"key": "transfer-0002", "invoice_id": NOTHING}, 404, "kit.not_found"),
    ):
        reply = _send(admin, "POST", "payments", body | values)
        assert (reply.status_code, reply.json()["code"]) == (status, code), values
    assert _send(signed_in(world.manager), "POST", "payments", body | {"key": "transfer-0003"}).status_code == 403
    assert (Payment.objects.count(), Journal.objects.count()) == (1, before[0])


def test_a_secret_of_a_provider_goes_in_and_never_comes_out() -> None:
    world = make_world()
    admin, account = signed_in(world.admin), provider()
    where, secret = f"payment-providers/{account.pk}/secrets", "whsec_" + "q7" * 20
    made = _send(admin, "POST", where, {"kind": "webhook", "secret": secret}, **{"Idempotency-Key": "rotate-0001"})
    again = _send(admin, "POST", where, {"kind": "webhook", "secret": secret}, **{"Idempotency-Key": "rotate-0001"})
    assert (made.status_code, made.json()["tail"], again.content) == (201, "q7q7", made.content)
    listed = admin.get(f"/api/v1/{where}")
    assert [(one["kind"], one["expires_at"] is None) for one in listed.json()["items"]] == [
        ("webhook", True),
        ("webhook", False),
    ]
    told = json.dumps(list(Event.objects.values("data", "changes", "reason")), default=str)
    shown = made.content.decode() + listed.content.decode() + admin.get(f"/api/v1/{where[:-8]}").content.decode()
    assert secret not in told + shown
    assert b"sealed" not in listed.content
    for body in (
        {"kind": "webhook", "secret": "short"},
        {"kind": "other", "secret": secret},
        {"kind": "api", "secret": "é" * 20},
    ):
        assert _send(admin, "POST", where, body).status_code == 422
    manager = signed_in(world.manager)
    assert manager.get(f"/api/v1/{where}").status_code == 403
    assert _send(manager, "POST", where, {"kind": "webhook", "secret": secret}).status_code == 403
    assert ProviderSecret.objects.count() == 2


def test_the_reminders_of_a_customer_say_what_is_due_and_what_was_done() -> None:
    from billing.services.dunning import dunning_start
    from portal.kit import clock, context

    admin, invoice = signed_in(make_world().admin), final(buyer(), 10_00)
    with context.system("a test") as current:
        run = dunning_start(actor=current.actor, invoice=invoice, at=clock.now())
    told = admin.get(f"/api/v1/dunning/{run.pk}").json()
    assert (told["due"], told["state"], told["steps"]) == (eur(10_00), "active", [])


def test_an_organisation_uses_a_coupon_and_sees_what_a_change_comes_to_in_money() -> None:
    from tests.billing.catalogue_world import coupon
    from tests.billing.subscription_world import plan, subscribed

    house = make_house("Harbour")
    customer = buyer(where=house.organisation)
    found, _ = subscribed(customer, plan(1000), "2026-11-01")
    owner = signed_in(house.owner)
    where, header = f"organisations/{house.id}/subscription/changes", {"Steward-Organisation": str(house.id)}
    seen = _send(owner, "POST", where, {"act": "set-quantity", "quantity": 2, "preview": True}, **header).json()
    assert (seen["done"], seen["preview"]["total"]["currency"]) == (False, "EUR")
    assert {one["amount"]["currency"] for one in seen["preview"]["lines"]} <= {"EUR"}
    made = coupon("WELCOME", percent_off=10)
    used = _send(owner, "POST", where, {"act": "apply-coupon", "code": made.code}, **header)
    assert (used.status_code, used.json()["done"]) == (200, True)
    assert found.redemptions.count() == 1
    wrong = _send(owner, "POST", where, {"act": "apply-coupon", "code": "NOTHING"}, **header)
    assert wrong.json()["code"] == "billing.coupon_refused"
    assert _send(signed_in(house.admin), "POST", where, {"act": "cancel"}, **header).status_code == 403
