"""Credit notes: documents of their own that take back part of an invoice, or all of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from billing import document_books as books
from billing.credit_sums import Back, Left, Rate, by_gross, by_nets
from billing.documents import Destination, NoteLine
from billing.errors.invoices import DocumentKeyConflict, InvoiceMove, MoreThanLeft
from billing.held import locked
from billing.ledger import AccountRef, chart, post_many
from billing.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine, InvoiceTax
from billing.services.document_mails import note_tell
from billing.services.numbers import number_take
from billing.services.revenue import earning, take_back
from billing.services.settlements import SETTLED, told
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import record
from rbac.standing import standing_on

_SHOWN = ("number", "destination", "subtotal", "tax", "total", "applied", "reason")


@dataclass(slots=True)
class _Sheet:
    """An invoice as a credit note needs it."""

    invoice: Invoice
    lines: dict[str, InvoiceLine]
    taxes: dict[Rate, InvoiceTax]
    left: dict[str, Left]


def credit_note_issue(
    *,
    actor: Actor,
    invoice: Invoice,
    to: Destination,
    reason: str,
    key: str,
    lines: Sequence[NoteLine] | None = None,
    amount: int | None = None,
) -> CreditNote:
    """Take back `lines` (exact nets), or an `amount` with its taxes over all lines, or with neither all that is left;
    part of other services, which have decided that it may be. Issued at once, with a number of its own.

    `to`: "open" sets it off against what is due, and what is above that becomes credit; "balance" makes credit, which
    waits for the next invoice; "refund" makes credit that a refund pays out (`settlements.credit_take`). The same
    `key` again is the same credit note. Events `billing.credit_note.issued`, and `billing.invoice.paid` when nothing is
    due any more. `MoreThanLeft`, `InvoiceMove`, `DocumentKeyConflict`.
    """
    if to not in CreditNote.Destination.values or (lines is not None and amount is not None):
        raise Invalid
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why; it is printed on the credit note.")]})
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        found = CreditNote.objects.filter(key=key).first()
        if found is not None:
            if found.invoice_id != held.pk or found.destination != to:
                raise DocumentKeyConflict
            return found
        if held.state not in SETTLED:
            raise InvoiceMove
        sheet = _sheet(held)
        backs = _backs(sheet, lines, amount)
        note = _note(sheet, backs, to, reason, key)
        _write(sheet, note, backs, lines or ())
        held.noted += note.total
        held.credited += note.applied
        record(
            "billing.credit_note.issued",
            target=note,
            changes={one: (None, getattr(note, one)) for one in _SHOWN},
            data={"currency": note.currency, "invoice": str(note.invoice_id)},
        )
        told(invoice=held, settlements=[], at=note.issued_at)
        note_tell(actor=actor, note=note)
    return note


def credit_note_create(
    *,
    actor: Actor,
    invoice: Invoice,
    to: Destination,
    reason: str,
    key: str,
    lines: Sequence[NoteLine] | None = None,
    amount: int | None = None,
) -> CreditNote:
    """Issue a credit note by hand. Staff (`invoice:admin`). As `credit_note_issue` otherwise."""
    authorise(actor, "invoice:admin")
    return credit_note_issue(actor=actor, invoice=invoice, to=to, reason=reason, key=key, lines=lines, amount=amount)


def left_of(*, invoice: Invoice) -> dict[UUID, Left]:
    """What can still be credited of each line; part of other services, which hold the invoice's lock."""
    sheet = _sheet(invoice)
    return {sheet.lines[key].pk: left for key, left in sheet.left.items()}


def _sheet(invoice: Invoice) -> _Sheet:
    lines = {line.key: line for line in InvoiceLine.objects.filter(invoice=invoice).order_by("position")}
    taxes = {_rate_of(tax): tax for tax in InvoiceTax.objects.filter(invoice=invoice).order_by("position")}
    gone: dict[tuple[Rate, str], int] = defaultdict(int)
    for row in CreditNoteTax.objects.filter(credit_note__invoice=invoice):
        for key, part in row.parts.items():
            gone[_rate_of(row), key] += part
    left = {
        key: Left(
            key,
            line.amount - line.discount - line.credited_net,
            {rate: tax.parts[key] - gone[rate, key] for rate, tax in taxes.items() if key in tax.parts},
        )
        for key, line in lines.items()
        if line.amount - line.discount > 0
    }
    return _Sheet(invoice, lines, taxes, left)


def _rate_of(tax: InvoiceTax | CreditNoteTax) -> Rate:
    """How a rate is told from others on one document."""
    return tax.code, str(tax.percent.normalize())


def _backs(sheet: _Sheet, lines: Sequence[NoteLine] | None, amount: int | None) -> list[Back]:
    free = sheet.invoice.total - sheet.invoice.noted
    if lines is not None:
        keys = {line.pk: line.key for line in sheet.lines.values()}
        backs = by_nets(sheet.left, [(keys.get(one.line_id, ""), one.net) for one in lines])
    else:
        whole = min(free, sum(line.gross for line in sheet.left.values()))
        backs = by_gross(sheet.left, whole if amount is None else amount)
    if not backs or sum(back.net + back.tax for back in backs) > free:
        raise MoreThanLeft
    return backs


def _note(sheet: _Sheet, backs: Sequence[Back], to: str, reason: str, key: str) -> CreditNote:
    invoice = sheet.invoice
    at = now_of(invoice.customer)
    subtotal, tax = sum(back.net for back in backs), sum(back.tax for back in backs)
    note = CreditNote(
        organisation_id=invoice.organisation_id,
        invoice=invoice,
        customer=invoice.customer,
        entity=invoice.entity,
        key=key,
        currency=invoice.currency,
        sandbox=invoice.sandbox,
        destination=to,
        reason=reason,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        applied=min(subtotal + tax, max(invoice.due, 0)) if to == CreditNote.Destination.OPEN else 0,
        # As on the invoice that it corrects, whatever was renamed since.
        seller=invoice.seller,
        buyer=invoice.buyer,
        notes=invoice.notes,
        invoice_number=invoice.number or "",
        issued_at=at,
    )
    note.journal_id = _post(sheet, note, backs, at)
    note.series, note.sequence, note.number = number_take(
        kind="credit_note", entity=invoice.entity, customer=invoice.customer, at=at
    )
    return note


def _post(sheet: _Sheet, note: CreditNote, backs: Sequence[Back], at: datetime) -> UUID:
    """Post it: nets and taxes back, against what is due and the customer's credit."""
    invoice = sheet.invoice
    sums: dict[AccountRef, int] = defaultdict(int)
    nets = {sheet.lines[back.key].pk: back.net for back in backs}
    # What is not earned yet never will be; what is earned is taken out of income.
    ahead, earned = take_back(invoice=invoice, nets=nets, at=at)
    for back in backs:
        line = sheet.lines[back.key]
        sums[books.deferred(invoice)] += ahead.get(line.pk, 0)
        sums[books.income_of(line, invoice)] += back.net - ahead.get(line.pk, 0)
        for (code, _percent), part in back.taxes.items():
            sums[chart.tax(code, invoice.currency, sandbox=invoice.sandbox)] += part
    given_up = invoice.state == Invoice.State.UNCOLLECTIBLE
    sums[books.bad_debt(invoice) if given_up else books.receivable(invoice.customer)] -= note.applied
    sums[books.credit(invoice.customer)] -= note.total - note.applied
    made = books.posting(f"credit_note:{note.pk}:issue", at, "credit_note", invoice, sums)
    if made is None:
        raise MoreThanLeft
    caught_up = earning(key=f"credit_note:{note.pk}:earned", at=at, invoice=invoice, amount=earned)
    return post_many([made] if caught_up is None else [made, caught_up])[0].journal_id


def _write(sheet: _Sheet, note: CreditNote, backs: Sequence[Back], asked: Sequence[NoteLine]) -> None:
    said = {one.line_id: one.description for one in asked}
    note.save(force_insert=True)
    rows, parts = [], defaultdict[Rate, dict[str, int]](dict)
    bases: dict[Rate, int] = defaultdict(int)
    for place, back in enumerate(backs, 1):
        line = sheet.lines[back.key]
        rows.append(
            CreditNoteLine(
                organisation_id=note.organisation_id,
                credit_note=note,
                line=line,
                position=place,
                description=said.get(line.pk) or line.description,
                net=back.net,
                tax=back.tax,
            )
        )
        line.credited_net += back.net
        line.credited_tax += back.tax
        for rate, part in back.taxes.items():
            parts[rate][back.key] = part
            bases[rate] += back.net
    CreditNoteLine.objects.bulk_create(rows)
    InvoiceLine.objects.bulk_update([sheet.lines[back.key] for back in backs], ["credited_net", "credited_tax"])
    CreditNoteTax.objects.bulk_create(_tax_rows(sheet, note, parts, bases))


def _tax_rows(
    sheet: _Sheet, note: CreditNote, parts: dict[Rate, dict[str, int]], bases: dict[Rate, int]
) -> list[CreditNoteTax]:
    return [
        CreditNoteTax(
            organisation_id=note.organisation_id,
            credit_note=note,
            position=place,
            code=tax.code,
            name=tax.name,
            percent=tax.percent,
            category=tax.category,
            base=bases[rate],
            amount=sum(parts[rate].values()),
            parts=parts[rate],
        )
        for place, (rate, tax) in enumerate(((one, sheet.taxes[one]) for one in sheet.taxes if one in parts), 1)
    ]
