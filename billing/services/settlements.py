"""What settles an invoice: payments, credit, the prepaid balance, rests given up; and credit that is granted."""

from datetime import datetime
from uuid import UUID

from billing import document_books as books
from billing.document_books import standing_of as standing_of  # noqa: PLC0414 - others take it from here
from billing.documents import SettlementSource
from billing.errors.invoices import DocumentKeyConflict, InvoiceMove, MoreThanDue
from billing.held import locked
from billing.ledger import AccountRef, chart, post
from billing.models import Customer, Invoice, Settlement
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import record
from rbac.standing import standing_on

OWED = frozenset({Invoice.State.OPEN, Invoice.State.PAID})
SETTLED = OWED | {Invoice.State.UNCOLLECTIBLE}


def invoice_settle(
    *,
    actor: Actor,
    invoice: Invoice,
    amount: int,
    key: str,
    source: SettlementSource,
    event_at: datetime,
    lines_from: AccountRef,
) -> Settlement:
    """Set `amount` (minor units) from the account `lines_from` off against what is due; part of other services, which
    have decided that it may be. Below 0 it takes back what was settled: a refund without a credit note, a dispute.

    The same `key` again is the same settlement. What is due reaches 0: the invoice is paid; it stays so when something
    is taken back, and its `due` rises. Of an uncollectible invoice the bad debt shrinks. Events
    `billing.invoice.settled` and `billing.invoice.paid`. `MoreThanDue`, `InvoiceMove`, `DocumentKeyConflict`.
    """
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        found = Settlement.objects.filter(key=key).first()
        if found is not None:
            if (found.invoice_id, found.amount, found.source) != (held.pk, amount, source):
                raise DocumentKeyConflict
            return found
        _check(held, amount, source)
        against = books.bad_debt(held) if held.state == Invoice.State.UNCOLLECTIBLE else books.receivable(held.customer)
        made = books.moved(
            books.settlement_key(held.pk, key), event_at, "settlement", held, amount, into=lines_from, of=against
        )
        settlement = settle_row(
            invoice=held,
            amount=amount,
            key=key,
            source=source,
            event_at=event_at,
            account=lines_from,
            journal_id=post(made).journal_id,
        )
        told(invoice=held, settlements=[settlement], at=event_at)
    return settlement


def _check(invoice: Invoice, amount: int, source: str) -> None:
    if invoice.state not in SETTLED:
        raise InvoiceMove
    if isinstance(amount, bool) or not isinstance(amount, int) or amount == 0:
        raise Invalid
    settled = invoice.written_off if source == Settlement.Source.WRITE_OFF else invoice.paid
    if amount > max(invoice.due, 0) or (amount < 0 and settled + amount < 0):
        raise MoreThanDue


def settle_row(
    *, invoice: Invoice, amount: int, key: str, source: str, event_at: datetime, account: AccountRef, journal_id: UUID
) -> Settlement:
    """Write a settlement and add it to the invoice, unsaved; its journal is posted. Part of other services."""
    settlement = Settlement(
        organisation_id=invoice.organisation_id,
        invoice=invoice,
        key=key,
        source=source,
        amount=amount,
        account=account.path,
        journal_id=journal_id,
        event_at=event_at,
    )
    settlement.save(force_insert=True)
    if source == Settlement.Source.WRITE_OFF:
        invoice.written_off += amount
    else:
        invoice.paid += amount
    return settlement


def told(*, invoice: Invoice, settlements: list[Settlement], at: datetime) -> None:
    """Save what settled the invoice, with its events; an open one on which nothing is due any more is paid."""
    fields = ["paid", "credited", "noted", "written_off"]
    due = invoice.total - invoice.paid - invoice.credited - invoice.written_off
    before = invoice.state
    if due == 0 and before in (Invoice.State.OPEN, Invoice.State.UNCOLLECTIBLE):
        invoice.state, invoice.paid_at = Invoice.State.PAID, at
        fields += ["state", "paid_at"]
    invoice.save(update_fields=fields)
    invoice.due = due
    for settlement in settlements:
        record(
            "billing.invoice.settled",
            target=invoice,
            data={"amount": settlement.amount, "source": settlement.source, "key": settlement.key, "due": due},
        )
    if invoice.state != before:
        record("billing.invoice.paid", target=invoice, changes={"state": (before, invoice.state)})


def invoice_write_off(*, actor: Actor, invoice: Invoice, amount: int, key: str) -> Settlement:
    """Give up a rest of what is due, as a bad debt. Staff (`invoice:admin`). Events and errors of `invoice_settle`."""
    authorise(actor, "invoice:admin")
    if amount <= 0:
        raise MoreThanDue
    return invoice_settle(
        actor=actor,
        invoice=invoice,
        amount=amount,
        key=key,
        source="write_off",
        event_at=now_of(invoice.customer),
        lines_from=books.bad_debt(invoice),
    )


def credit_apply(*, actor: Actor, customer: Customer) -> list[Settlement]:
    """Use the customer's credit, then its prepaid balance, for its open invoices, the oldest due first; part of other
    services. Events of `invoice_settle`; nothing when there is nothing."""
    made: list[Settlement] = []
    with standing_on(customer.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        left = standing_of(customer)
        credit, wallet = left.credit, left.wallet
        if credit + wallet <= 0:
            return made
        rows = Invoice.objects.filter(customer=customer, state__in=OWED, due__gt=0).order_by("due_at", "id")
        for invoice in rows.select_related("customer__test_clock", "entity"):
            for source, most, account in (
                ("credit", credit, books.credit(customer)),
                ("wallet", wallet, books.wallet(customer)),
            ):
                amount = min(most, invoice.due - sum(one.amount for one in made if one.invoice_id == invoice.pk))
                if amount <= 0:
                    continue
                made.append(
                    invoice_settle(
                        actor=actor,
                        invoice=invoice,
                        amount=amount,
                        key=f"{source}:{invoice.pk}:{Settlement.objects.filter(invoice=invoice).count()}",
                        source=source,  # type: ignore[arg-type]
                        event_at=now_of(customer),
                        lines_from=account,
                    )
                )
                if source == "credit":
                    credit -= amount
                else:
                    wallet -= amount
    return made


def credit_put(*, actor: Actor, customer: Customer, amount: int, key: str, of: AccountRef, reason: str = "") -> None:
    """Add to the customer's credit from the account `of` (an overpayment, a gift) and use it for what is open; part of
    other services. The same `key` again changes nothing. Event `billing.customer.credited`; `DocumentKeyConflict`."""
    _put(actor, customer, amount, key, of, into=books.credit(customer), code="billing.customer.credited", reason=reason)


def wallet_put(*, actor: Actor, customer: Customer, amount: int, key: str, of: AccountRef, reason: str = "") -> None:
    """Fill the prepaid balance from the account `of`, and use it for what is open; part of other services. The same
    `key` again changes nothing. Event `billing.customer.topped_up`; `DocumentKeyConflict`."""
    _put(
        actor, customer, amount, key, of, into=books.wallet(customer), code="billing.customer.topped_up", reason=reason
    )


def _put(
    actor: Actor, customer: Customer, amount: int, key: str, of: AccountRef, *, into: AccountRef, code: str, reason: str
) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise Invalid
    at = now_of(customer)
    with standing_on(customer.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        kind = code.rpartition(".")[2]
        # What grows on the side of credits: the amount goes out of `of` (debit) into the customer's account (credit).
        made = books.of_customer(f"{kind}:{key}", at, kind, customer, amount=amount, into=of, of=into)
        if books.is_posted(made.key):
            if not books.is_same(made):
                raise DocumentKeyConflict
            return
        post(made)
        record(code, target=customer, reason=reason, data={"amount": amount, "currency": customer.currency})
        credit_apply(actor=actor, customer=customer)


def credit_grant(*, actor: Actor, customer: Customer, amount: int, key: str, reason: str) -> None:
    """Give a customer credit as a courtesy, at our expense. Staff (`invoice:admin`). Events `billing.customer.credited`
    and those of the invoices that it settles. The same `key` again changes nothing; with another content `DocumentKeyConflict`."""
    authorise(actor, "invoice:admin")
    of = chart.expense("courtesy", customer.currency, sandbox=customer.sandbox)
    credit_put(actor=actor, customer=customer, amount=amount, key=key, of=of, reason=reason)


def credit_take(*, actor: Actor, customer: Customer, amount: int, key: str, into: AccountRef) -> None:
    """Pay out of the customer's credit to the account `into` (a refund); part of other services. The same `key` again
    changes nothing. Event `billing.customer.paid_out`; `Overdrawn` of the ledger when there is less."""
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise Invalid
    with standing_on(customer.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        made = books.of_customer(
            f"paid_out:{key}",
            now_of(customer),
            "paid_out",
            customer,
            amount=amount,
            into=books.credit(customer),
            of=into,
        )
        if books.is_posted(made.key):
            return
        post(made)
        record("billing.customer.paid_out", target=customer, data={"amount": amount, "currency": customer.currency})
