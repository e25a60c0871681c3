"""Drafts of invoices: made from lines and coupons, changed, thrown away. Finalising is in `invoice_states`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.document_taxes import sum_up, taxed
from billing.documents import DraftCoupon, DraftLine, Span, discounts
from billing.errors.invoices import CouponsInvalid, DocumentKeyConflict, InvoiceFinal, LinesInvalid
from billing.held import locked as locked  # noqa: PLC0414 - others take it from here
from billing.models import Customer, Invoice, InvoiceLine, InvoiceTax
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.money import MOST
from portal.kit.record import record
from rbac.standing import standing_on

LINES = 1_000  # Of one document: what prints on some thirty pages.
_HUNDRED = Decimal(100)


def invoice_draft(
    *,
    actor: Actor,
    customer: Customer,
    lines: Sequence[DraftLine],
    key: str | None,
    period: Span | None = None,
    subscription_id: UUID | None = None,
    coupons: Sequence[DraftCoupon] = (),
    memo: str = "",
    collect: bool = True,
) -> Invoice:
    """Make a draft from `lines`, with discounts and the taxes of today; part of other services, which have decided that
    it may be. The same `key` again is the same invoice, whatever became of it. Event `billing.invoice.drafted`.

    `LinesInvalid`, `CouponsInvalid`, `TaxRateMissing`; `DocumentKeyConflict` when the key is another customer's.
    """
    _check(lines, coupons)
    with standing_on(customer.organisation_id):
        found = _of_key(key, customer)
        if found is not None:
            return found
        invoice = Invoice(
            organisation_id=customer.organisation_id,
            customer=customer,
            entity_id=customer.entity_id,
            currency=customer.currency,
            sandbox=customer.sandbox,
            key=key,
            subscription_id=subscription_id,
            period_start=period.start if period else None,
            period_end=period.end if period else None,
            collect=collect,
            memo=memo,
        )
        try:
            with transaction.atomic():
                _write(invoice, lines, coupons, new=True)
        except IntegrityError:  # Somebody else was quicker with the same key.
            found = _of_key(key, customer)
            if found is None:
                raise
            return found
        record(
            "billing.invoice.drafted",
            target=invoice,
            changes={name: (None, getattr(invoice, name)) for name in ("currency", "total", "memo")},
        )
    return invoice


def invoice_create(
    *,
    actor: Actor,
    customer: Customer,
    lines: Sequence[DraftLine],
    key: str | None = None,
    coupons: Sequence[DraftCoupon] = (),
    memo: str = "",
    collect: bool = False,
) -> Invoice:
    """Draft a one-off invoice by hand. Staff (`invoice:admin`). As `invoice_draft` otherwise."""
    authorise(actor, "invoice:admin")
    return invoice_draft(
        actor=actor, customer=customer, lines=lines, key=key, coupons=coupons, memo=memo, collect=collect
    )


def invoice_redraft(
    *,
    actor: Actor,
    invoice: Invoice,
    lines: Sequence[DraftLine],
    coupons: Sequence[DraftCoupon] = (),
    memo: str = "",
) -> Invoice:
    """Put other lines into a draft. Staff (`invoice:admin`). Event `billing.invoice.redrafted`.

    `InvoiceFinal` for anything but a draft, and the errors of `invoice_draft`.
    """
    authorise(actor, "invoice:admin")
    _check(lines, coupons)
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        if held.state != Invoice.State.DRAFT:
            raise InvoiceFinal
        before = {name: getattr(held, name) for name in ("total", "memo")}
        held.memo = memo
        InvoiceTax.objects.filter(invoice=held).delete()
        InvoiceLine.objects.filter(invoice=held).delete()
        _write(held, lines, coupons, new=False)
        changes = {name: (was, getattr(held, name)) for name, was in before.items() if was != getattr(held, name)}
        record("billing.invoice.redrafted", target=held, changes=changes)
    return held


def invoice_discard(*, actor: Actor, invoice: Invoice) -> None:
    """Delete a draft. Staff (`invoice:admin`). Event `billing.invoice.discarded`; `InvoiceFinal` for anything else."""
    authorise(actor, "invoice:admin")
    with standing_on(invoice.organisation_id):
        held = locked(invoice.pk)
        if held.state != Invoice.State.DRAFT:
            raise InvoiceFinal
        record("billing.invoice.discarded", target=held)
        InvoiceTax.objects.filter(invoice=held).delete()
        InvoiceLine.objects.filter(invoice=held).delete()
        held.delete()


def _of_key(key: str | None, customer: Customer) -> Invoice | None:
    if key is None:
        return None
    found = Invoice.objects.select_related("customer__test_clock", "entity").filter(key=key).first()
    if found is not None and found.customer_id != customer.pk:
        raise DocumentKeyConflict
    return found


def _write(invoice: Invoice, lines: Sequence[DraftLine], coupons: Sequence[DraftCoupon], *, new: bool) -> None:
    """Save the invoice with its lines and the taxes as they would be today."""
    rows = [
        InvoiceLine(
            organisation_id=invoice.organisation_id,
            invoice=invoice,
            position=place,
            key=line.key,
            kind=line.kind,
            description=line.description,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            amount=line.amount,
            discount=taken,
            tax_category=line.tax_category,
            discountable=line.discountable,
            period_start=line.period.start if line.period else None,
            period_end=line.period.end if line.period else None,
            item_id=line.item_id,
        )
        for place, (line, taken) in enumerate(zip(lines, discounts(lines, coupons), strict=True), 1)
    ]
    invoice.coupons = [_coupon(coupon) for coupon in coupons]
    found = taxed(invoice, rows)
    sum_up(invoice, rows, found)
    invoice.save(force_insert=new)
    InvoiceLine.objects.bulk_create(rows)
    InvoiceTax.objects.bulk_create(found.rows)


def _coupon(coupon: DraftCoupon) -> dict[str, Any]:
    percent = None if coupon.percent is None else str(coupon.percent)
    return {"code": coupon.code, "name": coupon.name, "percent": percent, "amount": coupon.amount}


def _check(lines: Sequence[DraftLine], coupons: Sequence[DraftCoupon]) -> None:
    """Refuse what cannot stand on a document, before anything is written."""
    if len(lines) > LINES:
        raise LinesInvalid(_("A document has at most %(count)d lines.") % {"count": LINES})
    if len({line.key for line in lines}) != len(lines):
        raise LinesInvalid
    for line in lines:
        whole = isinstance(line.amount, int) and not isinstance(line.amount, bool) and abs(line.amount) <= MOST
        if not whole or not line.description.strip() or line.kind not in InvoiceLine.Kind.values:
            raise LinesInvalid
        if line.period is not None and line.period.end <= line.period.start:
            raise LinesInvalid(_("A period ends after it starts."))
    _check_coupons(coupons)


def _check_coupons(coupons: Sequence[DraftCoupon]) -> None:
    if len({coupon.code for coupon in coupons}) != len(coupons):
        raise CouponsInvalid
    for coupon in coupons:
        if (coupon.percent is None) == (coupon.amount is None):
            raise CouponsInvalid
        if coupon.percent is not None and not 0 < coupon.percent <= _HUNDRED:
            raise CouponsInvalid
        if coupon.amount is not None and coupon.amount <= 0:
            raise CouponsInvalid
