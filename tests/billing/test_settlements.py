"""What settles invoices, credit and prepaid balances, and documents against the ledger."""

from typing import Any

import pytest
from django.db import connection

from billing import document_books as books
from billing.errors.invoices import DocumentKeyConflict, InvoiceMove, MoreThanDue
from billing.ledger import Line, Posting, chart, post
from billing.models import Invoice, Journal, Settlement
from billing.proof import CHECKS, differences
from billing.selectors import invoices as selectors
from billing.services import invoice_states as states
from billing.services import settlements as services
from portal.kit import clock, context
from portal.kit.errors import Forbidden, Invalid
from portal.kit.services import writing
from tests.billing.document_world import buyer, credit, draft, final, fresh, paid, receivable
from tests.billing.test_credit_notes import note
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db


def test_f05_credit_covers_two_invoices_and_the_rest_stays() -> None:
    customer = buyer()
    first = final(customer, 249_95)
    with context.system("a test") as current:
        for _again in range(2):
            services.credit_grant(actor=current.actor, customer=customer, amount=1000_00, key="gift", reason="Sorry")
    assert (fresh(first).state, credit(customer)) == ("paid", 750_05)
    second = final(customer, 249_95)
    assert (second.state, second.settlements.get().source) == ("paid", "credit")
    assert selectors.account_of(customer).net == -500_10


def test_f01_a_payment_taken_back_is_due_again_and_comes_back() -> None:
    customer = buyer()
    made = final(customer, 249_95)
    for amount, due in ((10_00, 239_95), (-10_00, 249_95), (10_00, 239_95)):
        paid(made, amount)
        assert (fresh(made).due, receivable(customer)) == (due, due)


def test_a_prepaid_balance_is_used_after_credit_and_the_rest_is_due() -> None:
    customer = buyer()
    bank = chart.bank("main", "EUR")
    with context.system("a test") as current:
        services.wallet_put(actor=current.actor, customer=customer, amount=30, key="top", of=bank)
        services.credit_put(actor=current.actor, customer=customer, amount=20, key="over", of=bank)
    made = final(customer, 100)
    assert [(row.source, row.amount) for row in selectors.settlements_of(made)] == [("credit", 20), ("wallet", 30)]
    assert (made.due, selectors.account_of(customer)) == (50, selectors.Account(50, 0, 0))


def test_a_rest_is_written_off_and_the_invoice_is_paid() -> None:
    made = final(buyer(), 50_00)
    paid(made, 49_50)
    clerk = actor_of(person("Clerk", role="user"))
    with context.acting(clerk), pytest.raises(Forbidden):
        services.invoice_write_off(actor=clerk, invoice=made, amount=50, key="short")
    with context.system("a test") as current:
        services.invoice_write_off(actor=current.actor, invoice=made, amount=50, key="short")
    assert (fresh(made).state, fresh(made).written_off, receivable(made.customer)) == ("paid", 50, 0)


def test_what_cannot_settle_is_refused_and_nothing_moves() -> None:
    made, waiting = final(buyer(), 100), draft(buyer(), 100)
    paid(made, 40, key="first")
    assert paid(made, 40, key="first") == Settlement.objects.get()
    journals = Journal.objects.count()
    for amount, key, refusal in (
        (61, "a", MoreThanDue),
        (-41, "b", MoreThanDue),
        (0, "c", Invalid),
        (30, "first", DocumentKeyConflict),
    ):
        with pytest.raises(refusal):
            paid(made, amount, key=key)
    with pytest.raises(InvoiceMove):
        paid(waiting, 1)
    assert (fresh(made).due, Journal.objects.count(), Settlement.objects.count()) == (60, journals, 1)


def _story() -> list[Any]:
    """Documents of every kind: paid, part-paid, taken back, credited, void, given up, below 0."""
    customer = buyer("19")
    made = [final(customer, 100_00 + place) for place in range(6)]
    paid(made[0])
    paid(made[0], -30_00)
    paid(made[1], 10_00)
    note(made[1], amount=5_00, to="open")
    note(made[2], amount=7_00)
    with context.system("a test") as current:
        states.invoice_void(actor=current.actor, invoice=made[3])
        states.invoice_mark_uncollectible(actor=current.actor, invoice=made[4])
    paid(made[4], 3_00)
    final(customer, -2_00)
    draft(customer, 9)
    return made


def test_i15_every_document_ties_to_the_ledger_after_any_mix() -> None:
    made = _story()
    customer = made[0].customer
    owed = sum(row.due for row in Invoice.objects.filter(customer=customer, state__in=selectors.OWED))
    assert receivable(customer) == owed > 0
    assert selectors.account_of(customer).net == owed - credit(customer)
    with context.system("a test"), connection.cursor() as cursor:
        assert {check.name: rows for check, rows in differences(cursor)} == {check.name: [] for check in CHECKS}


def test_i15_a_posting_beside_the_documents_is_found() -> None:
    customer = _story()[0].customer
    with context.system("a test"), writing():
        post(
            Posting(
                key="stray",
                event_at=clock.now(),
                kind="manual",
                description="stray",
                lines=[Line(books.receivable(customer), 1), Line(chart.bank("main", "EUR"), -1)],
            )
        )
    with context.system("a test"), connection.cursor() as cursor:
        found = {check.name: rows for check, rows in differences(cursor) if rows}
    assert set(found) == {"receivable"}
    assert str(customer.pk) in found["receivable"][0].what
    assert found["receivable"][0].found - found["receivable"][0].expected == 1
