"""Drafts and final invoices: sums, numbers, states, and what the database keeps."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection

from billing.documents import DraftCoupon, DraftLine, discounts
from billing.errors.invoices import (
    CouponsInvalid,
    DocumentKeyConflict,
    InvoiceEmpty,
    InvoiceFinal,
    InvoiceMove,
    InvoiceSettled,
    LinesInvalid,
)
from billing.models import Invoice, InvoiceLine, InvoiceTax, Journal, LegalEntity, NumberSeries, TaxRate
from billing.services import invoice_states as states
from billing.services.invoices import invoice_create, invoice_discard, invoice_redraft
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.document_world import (
    buyer,
    credit,
    draft,
    final,
    fresh,
    line,
    paid,
    rate,
    receivable,
    taxed_seller,
)
from tests.billing.money_world import customer_of
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db


def test_a_final_invoice_is_numbered_posted_and_paid_by_what_settles_it() -> None:
    customer = buyer("25", email="books@example.com")
    invoice = final(customer, 10_00, 5_00)
    assert (invoice.subtotal, invoice.tax, invoice.total, invoice.due) == (15_00, 3_75, 18_75, 18_75)
    assert invoice.state == Invoice.State.OPEN
    assert (invoice.number or "").endswith("-0001")
    assert receivable(customer) == 18_75
    mail = OutboundMessage.objects.get(category="documents")
    assert (mail.address, str(invoice.number) in mail.subject, "/pay/" in mail.text) == (
        "books@example.com",
        True,
        True,
    )
    paid(invoice, 10_00)
    assert (fresh(invoice).state, fresh(invoice).due) == ("open", 8_75)
    paid(invoice)
    assert (fresh(invoice).state, fresh(invoice).due) == ("paid", 0)
    assert (receivable(customer), credit(customer)) == (0, 0)


def test_the_same_key_is_the_same_draft_and_anothers_key_is_refused() -> None:
    customer = buyer()
    first = draft(customer, 100, key="renewal")
    assert draft(customer, 200, key="renewal") == first
    assert fresh(first).total == 100
    with pytest.raises(DocumentKeyConflict):
        draft(customer_of(organisation(), entity=customer.entity), 100, key="renewal")
    assert Invoice.objects.count() == 1


def test_d05_a_coupon_larger_than_the_invoice_leaves_nothing_and_never_less() -> None:
    invoice = final(buyer("10"), 10000, coupons=[DraftCoupon("BIG", "Big", amount=11000)])
    assert (invoice.discount, invoice.tax, invoice.total, invoice.state) == (10000, 0, 0, "paid")


def test_d09_a_discount_over_eight_lines_keeps_its_total_in_any_order() -> None:
    amounts = [1000, 2000, 3000, 4000, 1000, 2000, 3000, 4000]
    coupon = [DraftCoupon("C", "C", amount=3500)]
    parts = discounts([line(amount) for amount in amounts], coupon)
    assert sum(parts) == 3500
    turned = discounts([line(amount) for amount in reversed(amounts)], coupon)
    assert sum(turned) == 3500
    assert all(abs(one - other) <= 1 for one, other in zip(parts, reversed(turned), strict=True))


def test_coupons_come_one_after_the_other_and_leave_alone_what_gives_back() -> None:
    lines = [line(1000), line(-300, "proration"), line(500, discountable=False)]
    both = [DraftCoupon("A", "A", percent=Decimal("50")), DraftCoupon("B", "B", amount=400)]
    assert discounts(lines, both) == [900, 0, 0]
    assert discounts(lines, [DraftCoupon("A", "A", percent=Decimal("33.335"))]) == [333, 0, 0]


@pytest.mark.parametrize(
    ("lines", "coupons", "refusal"),
    [
        ([line(1, key="a"), line(2, key="a")], [], LinesInvalid),
        ([line(1, description=" ")], [], LinesInvalid),
        ([line(1, kind="gift")], [], LinesInvalid),
        ([line(10**15 + 1)], [], LinesInvalid),
        ([DraftLine("a", "usage", "x", Decimal(1), None, Decimal("0.5"))], [], LinesInvalid),  # type: ignore[arg-type]
        ([line(1)], [DraftCoupon("A", "A", amount=1), DraftCoupon("A", "A", amount=2)], CouponsInvalid),
        ([line(1)], [DraftCoupon("A", "A", amount=-1)], CouponsInvalid),
        ([line(1)], [DraftCoupon("A", "A", percent=Decimal(101))], CouponsInvalid),
        ([line(1)], [DraftCoupon("A", "A", percent=Decimal(1), amount=1)], CouponsInvalid),
    ],
)
def test_what_cannot_stand_on_a_document_is_refused_before_anything_is_written(
    lines: Any, coupons: Any, refusal: type[Exception]
) -> None:
    customer = buyer()
    with pytest.raises(refusal):
        draft(customer, *lines, coupons=coupons)
    assert not Invoice.objects.exists()


def test_only_staff_writes_invoices_by_hand() -> None:
    customer, clerk = buyer(), actor_of(person("Clerk", role="user"))
    made = final(customer, 100)
    with context.acting(clerk):
        with pytest.raises(Forbidden):
            invoice_create(actor=clerk, customer=customer, lines=[line(1)])
        for act in (states.invoice_issue, states.invoice_void, states.invoice_mark_uncollectible):
            with pytest.raises(Forbidden):
                act(actor=clerk, invoice=made)
    assert (Invoice.objects.count(), fresh(made).state) == (1, "open")


def test_a_draft_may_change_and_go_and_an_empty_one_is_never_final() -> None:
    customer = buyer("10")
    with context.system("a test") as current:
        made = invoice_create(actor=current.actor, customer=customer, lines=[line(100)], memo="first")
        made = invoice_redraft(actor=current.actor, invoice=made, lines=[line(50), line(50)], memo="second")
        assert (fresh(made).total, fresh(made).memo, made.lines.count()) == (110, "second", 2)
        empty = invoice_redraft(actor=current.actor, invoice=made, lines=[])
        with pytest.raises(InvoiceEmpty):
            states.invoice_issue(actor=current.actor, invoice=empty)
        invoice_discard(actor=current.actor, invoice=empty)
        assert not Invoice.objects.exists()
        done = final(customer, 100)
        for refused in (
            lambda: invoice_redraft(actor=current.actor, invoice=done, lines=[line(1)]),
            lambda: invoice_discard(actor=current.actor, invoice=done),
            lambda: states.invoice_issue(actor=current.actor, invoice=done),
        ):
            with pytest.raises(InvoiceFinal):
                refused()
    assert (fresh(done).total, Journal.objects.count()) == (110, 1)


def _in_state(state: str) -> Invoice:
    customer = buyer()
    with context.system("a test") as current:
        if state == "draft":
            return draft(customer, 100)
        made = final(customer, 100)
        if state == "paid":
            paid(made)
        if state == "void":
            states.invoice_void(actor=current.actor, invoice=made)
        if state == "uncollectible":
            states.invoice_mark_uncollectible(actor=current.actor, invoice=made)
    return fresh(made)


ALLOWED = {
    ("draft", "open"),
    ("open", "paid"),
    ("open", "void"),
    ("open", "uncollectible"),
    ("uncollectible", "paid"),
    ("uncollectible", "void"),
}


@pytest.mark.parametrize("before", Invoice.State.values)
def test_k01_only_the_allowed_moves_pass_in_raw_sql(before: str) -> None:
    made = _in_state(before)
    for after in Invoice.State.values:
        if (before, after) in ALLOWED or before == after:
            continue
        with context.system("a test"), pytest.raises(IntegrityError), writing(), connection.cursor() as cursor:
            cursor.execute("UPDATE billing_invoice SET state = %s WHERE id = %s", [after, made.pk])
    assert fresh(made).state == before


@pytest.mark.parametrize("before", Invoice.State.values)
def test_k01_only_the_allowed_moves_pass_by_the_services(before: str) -> None:
    made = _in_state(before)
    with context.system("a test") as current:
        if before not in ("open", "uncollectible"):
            with pytest.raises(InvoiceMove):
                states.invoice_void(actor=current.actor, invoice=made)
        if before != "open":
            with pytest.raises(InvoiceMove):
                states.invoice_mark_uncollectible(actor=current.actor, invoice=made)
        if before != "draft":
            with pytest.raises(InvoiceFinal):
                states.invoice_finalise(actor=current.actor, invoice=made)
    assert fresh(made).state == before


def test_an_uncollectible_invoice_may_still_be_paid_or_void_and_the_ledger_follows() -> None:
    first = _in_state("uncollectible")
    assert receivable(first.customer) == 0
    paid(first)
    assert (fresh(first).state, receivable(first.customer)) == ("paid", 0)
    second = _in_state("uncollectible")
    with context.system("a test") as current:
        states.invoice_void(actor=current.actor, invoice=second)
    assert (fresh(second).state, fresh(second).due, receivable(second.customer)) == ("void", 0, 0)


def test_what_is_partly_paid_is_never_void() -> None:
    made = final(buyer(), 100)
    paid(made, 1)
    with context.system("a test") as current, pytest.raises(InvoiceSettled):
        states.invoice_void(actor=current.actor, invoice=made)
    assert (fresh(made).state, receivable(made.customer)) == ("open", 99)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM billing_invoice",
        "UPDATE billing_invoice SET total = 1, subtotal = 1, tax = 0",
        "UPDATE billing_invoice SET number = 'INV-1'",
        "UPDATE billing_invoice SET buyer = '{}'",
        "UPDATE billing_invoice SET issued_at = now()",
        "UPDATE billing_invoice SET state = 'paid'",
        "UPDATE billing_invoice_line SET amount = 1",
        "UPDATE billing_invoice_line SET description = 'x'",
        "DELETE FROM billing_invoice_line",
        "UPDATE billing_invoice_tax SET amount = 1",
        "DELETE FROM billing_invoice_tax",
        "TRUNCATE billing_invoice CASCADE",
        "UPDATE billing_number_series SET last = last + 2",
        "UPDATE billing_number_series SET last = last - 1",
        "DELETE FROM billing_number_series",
        "UPDATE billing_settlement SET amount = 1",
        "DELETE FROM billing_settlement",
    ],
)
def test_k05_a_final_invoice_is_never_changed_or_deleted_not_even_by_sql(change: str) -> None:
    made = final(buyer("10"), 100)
    paid(made, 10)
    before = Invoice.objects.filter(pk=made.pk).values().get()
    with context.system("a test"), pytest.raises(DatabaseError), writing(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Invoice.objects.filter(pk=made.pk).values().get() == before
    assert (made.lines.count(), made.taxes.count(), made.settlements.get().amount) == (1, 1, 10)


def test_k05_a_final_invoice_takes_no_more_lines_and_a_draft_ties_before_it_is_final() -> None:
    made, waiting = final(buyer(), 100), draft(buyer(), 100)
    row = {"organisation": made.organisation, "invoice": made, "kind": "one_off", "amount": 1, "description": "x"}
    with context.system("a test"), pytest.raises(IntegrityError), writing():
        InvoiceLine.objects.create(**row, position=9, key="late")
    with context.system("a test"), pytest.raises(IntegrityError), writing(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_invoice_line SET amount = 99 WHERE invoice_id = %s", [waiting.pk])
        cursor.execute(
            "UPDATE billing_invoice SET state = 'open', number = 'X', sequence = 9, series_id = %s, issued_at = now(), "
            "due_at = now() WHERE id = %s",
            [made.series_id, waiting.pk],
        )
    assert fresh(waiting).state == "draft"


def test_k05_facts_are_copied_so_a_rename_or_a_new_rate_changes_nothing() -> None:
    customer = buyer("10", name="Harbour Ltd", line1="Quay 1")
    made = final(customer, 100)
    with context.system("a test"), writing():
        type(customer).objects.filter(pk=customer.pk).update(name="Renamed", line1="Elsewhere")
        LegalEntity.objects.filter(pk=customer.entity_id).update(name="Other seller")
        TaxRate.objects.filter(entity=customer.entity_id).update(percent=50)
    again = fresh(made)
    assert (again.buyer["name"], again.buyer["line1"], again.seller["name"]) == (
        "Harbour Ltd",
        "Quay 1",
        "Harbour Software GmbH",
    )
    assert InvoiceTax.objects.get(invoice=made).percent == 10


def test_a_draft_takes_the_taxes_of_the_day_on_which_it_becomes_final() -> None:
    customer = buyer("10")
    made = draft(customer, 1000, 333)
    assert made.tax == 133
    rate(customer.entity, "5", code="town", name="Town tax")
    with context.system("a test") as current:
        states.invoice_finalise(actor=current.actor, invoice=made)
    again = fresh(made)
    assert (again.tax, again.total, sum(row.tax for row in again.lines.all())) == (200, 1533, 200)


def _months(customers: list[Any], *months: int) -> list[str]:
    found = []
    for month in months:
        with clock.at(datetime(2026, month, 1, 9, tzinfo=UTC)):
            found += [str(final(customer, 100).number) for customer in customers]
    return found


def test_k03_numbers_per_customer_then_per_entity_go_on_where_they_were() -> None:
    entity = taxed_seller(numbering="customer", prefix="HS")
    customers = [customer_of(organisation(), entity=entity) for _number in range(3)]
    first = _months(customers, 1, 2, 3)
    assert [one[-3:] for one in first] == ["001"] * 3 + ["002"] * 3 + ["003"] * 3
    assert len(set(first)) == 9
    with context.system("a test"), writing():
        LegalEntity.objects.filter(pk=entity.pk).update(numbering="entity")
    fourth = _months([type(one).objects.get(pk=one.pk) for one in customers], 4)
    assert fourth == ["HS-2026-0010", "HS-2026-0011", "HS-2026-0012"]


def test_a_sandbox_counts_apart_and_stays_out_of_the_real_books_and_mails() -> None:
    entity = taxed_seller()
    real = final(customer_of(organisation(), entity=entity), 100)
    play = customer_of(organisation(), entity=entity, sandbox=True, email="play@example.com")
    test = final(play, 100)
    assert (str(test.number).startswith("TEST-"), test.sequence, real.sequence) == (True, 1, 1)
    assert Journal.objects.filter(sandbox=True).count() == 1
    assert not OutboundMessage.objects.filter(address="play@example.com").exists()


def test_a_failure_after_the_number_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = buyer()
    waiting = draft(customer, 100)

    def broken(**_values: Any) -> None:
        raise RuntimeError("the mail door is shut")

    with monkeypatch.context() as patched:
        patched.setattr(states, "invoice_tell", broken)
        with context.system("a test") as current, pytest.raises(RuntimeError):
            states.invoice_finalise(actor=current.actor, invoice=waiting)
    assert not NumberSeries.objects.exists()
    assert not Journal.objects.exists()
    assert fresh(waiting).state == "draft"
    assert final(customer, 5).sequence == 1
