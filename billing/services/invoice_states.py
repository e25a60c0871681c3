"""Finalising an invoice, and the moves after that: void, uncollectible."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation

from billing import document_books as books
from billing.document_facts import buyer_of, seller_of
from billing.document_taxes import sum_up, taxed
from billing.errors.invoices import InvoiceEmpty, InvoiceFinal, InvoiceMove, InvoiceSettled
from billing.held import locked
from billing.ledger import AccountRef, Posting, post, post_many, reverse
from billing.legal import notes_of
from billing.models import Deferral, Invoice, InvoiceLine, InvoiceTax
from billing.services.document_mails import invoice_tell
from billing.services.numbers import number_take
from billing.services.revenue import deferrals_of, earned_back, earning
from billing.services.settlements import settle_row, told
from billing.times import now_of
from portal.kit import jobs, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from rbac.standing import standing_on

COLLECT = "billing.collect_invoice"
COLLECTOR = Actor("system", None, "billing")  # Whoever issues a document need not hold the right to charge.
_FINAL = ("number", "state", "subtotal", "discount", "tax", "total", "issued_at", "due_at")


def invoice_finalise(*, actor: Actor, invoice: Invoice) -> Invoice:
    """Make a draft final, in one transaction: taxes of today, the facts of both sides frozen, posted, numbered, mailed,
    what the customer has to its credit used, and its collection asked for; part of other services, which have decided
    that it may be. An invoice on which nothing is due is paid at once; a total below 0 becomes credit.

    Event `billing.invoice.finalised`, and those of what settles it. `InvoiceFinal`, `InvoiceEmpty`, `TaxRateMissing`,
    `PeriodClosed`.
    """
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        if held.state != Invoice.State.DRAFT:
            raise InvoiceFinal
        lines = list(InvoiceLine.objects.filter(invoice=held).order_by("position"))
        if not lines:
            raise InvoiceEmpty
        at = now_of(held.customer)
        taxes = _fresh(held, lines)
        with translation.override(held.customer.language):
            held.notes = notes_of(tax.category for tax in taxes)
        held.seller, held.buyer = seller_of(held.entity), buyer_of(held.customer)
        settled = _post(held, lines, taxes, at)
        held.issued_at, held.due_at = at, at + timedelta(days=held.entity.due_days)
        # Last, since everybody who issues waits for it: from here on nothing is asked of the ledger.
        held.series, held.sequence, held.number = number_take(
            kind="invoice", entity=held.entity, customer=held.customer, at=at
        )
        held.state = Invoice.State.OPEN
        held.save()
        changes = {name: (None, getattr(held, name)) for name in _FINAL}
        record(
            "billing.invoice.finalised",
            target=held,
            changes=changes | {"state": ("draft", "open")},
            data={"currency": held.currency},
        )
        _settle(held, settled, at)
        _follow(actor, held)
    return held


def invoice_issue(*, actor: Actor, invoice: Invoice) -> Invoice:
    """Make a draft final by hand. Staff (`invoice:admin`). As `invoice_finalise` otherwise."""
    authorise(actor, "invoice:admin")
    return invoice_finalise(actor=actor, invoice=invoice)


def _fresh(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceTax]:
    """The taxes of today; written again only where they are not those of the draft."""
    before = {line.pk: line.tax for line in lines}
    kept = list(InvoiceTax.objects.filter(invoice=invoice).order_by("position"))
    found = taxed(invoice, lines)
    sum_up(invoice, lines, found)
    if [_same(row) for row in kept] == [_same(row) for row in found.rows]:
        return kept
    InvoiceTax.objects.filter(invoice=invoice).delete()
    InvoiceTax.objects.bulk_create(found.rows)
    InvoiceLine.objects.bulk_update([line for line in lines if line.tax != before[line.pk]], ["tax"])
    return found.rows


def _same(tax: InvoiceTax) -> tuple[object, ...]:
    return (tax.code, tax.name, tax.percent, tax.category, tax.base, tax.amount, tax.parts)


# What settles an invoice as it becomes final: source, amount, account path of it, and the journal once posted.
Settling = tuple[str, int, AccountRef, UUID]


def _post(invoice: Invoice, lines: Sequence[InvoiceLine], taxes: Sequence[InvoiceTax], at: datetime) -> list[Settling]:
    """Post the invoice, and in the same statement what settles it at once; returns the latter."""
    postings: list[Posting] = []
    ahead = deferrals_of(invoice=invoice, lines=lines, at=at)
    issued = books.issued(invoice, lines, taxes, at, {row.line_id: row.rest for row in ahead})
    if issued is not None:
        postings.append(issued)
    wanted = [one for one in _at_once(invoice) if one[1]]
    for source, amount, account in wanted:
        key = books.settlement_key(invoice.pk, f"{source}:issue")
        against = books.receivable(invoice.customer)
        postings.append(books.moved(key, at, "settlement", invoice, amount, into=account, of=against))
    Deferral.objects.bulk_create(ahead)
    posted = [done.journal_id for done in post_many(postings)]
    if issued is not None:
        invoice.journal_id = posted.pop(0)
    return [
        (source, amount, account, journal) for (source, amount, account), journal in zip(wanted, posted, strict=True)
    ]


def _at_once(invoice: Invoice) -> list[tuple[str, int, AccountRef]]:
    credit, wallet = books.credit(invoice.customer), books.wallet(invoice.customer)
    if invoice.total < 0:
        return [("credit", invoice.total, credit)]
    if invoice.total == 0:
        return []
    left = books.standing_of(invoice.customer)
    by_credit = min(left.credit, invoice.total)
    return [("credit", by_credit, credit), ("wallet", min(left.wallet, invoice.total - by_credit), wallet)]


def _settle(invoice: Invoice, settled: Sequence[Settling], at: datetime) -> None:
    rows = [
        settle_row(
            invoice=invoice,
            amount=amount,
            key=f"{source}:{invoice.pk}:issue",
            source=source,
            event_at=at,
            account=account,
            journal_id=journal,
        )
        for source, amount, account, journal in settled
    ]
    told(invoice=invoice, settlements=rows, at=at)


def _follow(actor: Actor, invoice: Invoice) -> None:
    """Mail it, and ask for its collection; both commit with it."""
    invoice_tell(actor=actor, invoice=invoice)
    if invoice.collect and invoice.state == Invoice.State.OPEN and COLLECT in registry.jobs:
        jobs.enqueue(COLLECT, actor=COLLECTOR, args={"invoice": str(invoice.pk)}, key=f"collect:{invoice.pk}")


def invoice_void(*, actor: Actor, invoice: Invoice, reason: str = "") -> Invoice:
    """Make an open or uncollectible invoice void: its journals are reversed, its number stays. Staff (`invoice:admin`).

    Event `billing.invoice.voided`. `InvoiceSettled` when anything of it was paid or credited, `InvoiceMove` else.
    """
    authorise(actor, "invoice:admin")
    return void_put(invoice=invoice, reason=reason)


def void_put(*, invoice: Invoice, reason: str = "") -> Invoice:
    """`invoice_void` as a part of other services, which have decided that it may be."""
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        before = held.state
        if before not in (Invoice.State.OPEN, Invoice.State.UNCOLLECTIBLE):
            raise InvoiceMove
        if held.paid or held.noted or held.written_off:
            raise InvoiceSettled
        at = now_of(held.customer)
        earned = earning(key=f"invoice:{held.pk}:void:earned", at=at, invoice=held, amount=-earned_back(invoice=held))
        if before == Invoice.State.UNCOLLECTIBLE:
            _debt(held, -held.due, at, f"invoice:{held.pk}:collectible")
        if earned is not None:
            post(earned)
        if held.journal_id is not None:
            reverse(held.journal_id, key=f"invoice:{held.pk}:void", event_at=at)
        held.state, held.voided_at = Invoice.State.VOID, at
        held.save(update_fields=["state", "voided_at"])
        held.due = 0
        record("billing.invoice.voided", target=held, changes={"state": (before, held.state)}, reason=reason)
    return held


def invoice_mark_uncollectible(*, actor: Actor, invoice: Invoice, reason: str = "") -> Invoice:
    """Give up an open invoice: what is due becomes a bad debt; it may still be paid. Staff (`invoice:admin`).

    Event `billing.invoice.given_up`; `InvoiceMove` for any other state.
    """
    authorise(actor, "invoice:admin")
    return uncollectible_put(invoice=invoice, reason=reason)


def uncollectible_put(*, invoice: Invoice, reason: str = "") -> Invoice:
    """`invoice_mark_uncollectible` as a part of other services, which have decided that it may be."""
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        if held.state != Invoice.State.OPEN:
            raise InvoiceMove
        _debt(held, held.due, now_of(held.customer), f"invoice:{held.pk}:uncollectible")
        held.state = Invoice.State.UNCOLLECTIBLE
        held.save(update_fields=["state"])
        record("billing.invoice.given_up", target=held, changes={"state": ("open", held.state)}, reason=reason)
    return held


def _debt(invoice: Invoice, amount: int, at: datetime, key: str) -> None:
    into, of = books.bad_debt(invoice), books.receivable(invoice.customer)
    post(books.moved(key, at, "bad_debt", invoice, amount, into=into, of=of))
