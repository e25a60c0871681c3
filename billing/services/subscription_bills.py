"""Billing a subscription: the difference between what is wanted and what is billed becomes documents."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from billing.differences import Charge, Difference, GiveBack, difference, way_of
from billing.documents import DraftCoupon, DraftLine, NoteLine
from billing.models import BilledLine, CouponRedemption, CreditNote, Invoice, Subscription, SubscriptionItem
from billing.periods import Period
from billing.services.credit_notes import credit_note_issue
from billing.services.invoice_states import invoice_finalise
from billing.services.invoices import invoice_draft
from billing.subscription_guards import authorise_on, held_for
from billing.subscription_terms import billed_of, history_of, items_of, looked_at_from, settled_by, used_of
from billing.times import now_of
from billing.usage_kept import kept_from
from billing.wanted import wanted_lines
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.record import record
from rbac.standing import standing_on

BILLED = ("bills", "billed_at", "halted_at", "usage_from")  # What a bill changes of its subscription.
LINES_A_DAY = 200  # Of one subscription in one day of its customer; far above any real one, far below a runaway.
_SILENT = frozenset({Subscription.State.PAUSED, Subscription.State.INCOMPLETE_EXPIRED})


@dataclass(slots=True)
class Bill:
    """What one run of billing made: at most one invoice, and a credit note for each invoice that is given back of."""

    lines: list[DraftLine] = field(default_factory=list)
    invoice: Invoice | None = None
    credit_notes: list[CreditNote] = field(default_factory=list)
    halted: bool = False

    def __bool__(self) -> bool:
        return self.invoice is not None or bool(self.credit_notes)


def subscription_bill(*, actor: Actor, subscription: Subscription, until: datetime) -> Bill:
    """Bill what is due at `until` (the customer's time) and not billed; again, it makes nothing. Staff and jobs
    (`subscription:admin`). Events of the documents. One that is paused is billed when it is resumed."""
    authorise_on(actor, subscription.organisation_id)
    with standing_on(subscription.organisation_id):
        held = held_for(actor, subscription.pk)
        if held.state in _SILENT or held.halted_at is not None:
            return Bill()
        made = bill_put(actor=actor, subscription=held, until=until)
        held.save(update_fields=BILLED)
    return made


def bill_put(
    *,
    actor: Actor,
    subscription: Subscription,
    until: datetime,
    since: datetime | None = None,
    items: Sequence[SubscriptionItem] | None = None,
) -> Bill:
    """Bill a held subscription, whose row the caller saves; part of other services. `since`: only periods that end after
    it, where nothing older can have changed (renewals). `items`: what it has and had, where they have been read.

    Stops at `LINES_A_DAY`: nothing is billed then, `halted_at` is set and event `billing.subscription.halted` alerts.
    """
    # A clock that went back, or a run that is behind, takes nothing back of what was rightly billed by a later one.
    until = max(until, subscription.billed_at or until)
    items = items_of(subscription) if items is None else items
    since = looked_at_from(subscription, items, since) if since else None
    standing = billed_of(subscription, since)
    used, settled = used_of(subscription.customer), settled_by(subscription, standing)
    history = history_of(subscription, items)
    wanted = wanted_lines(history, until, used, since=since, settled=settled)
    found = difference(wanted, standing.lines)
    if found and _too_many(subscription, found, until):
        subscription.halted_at = clock.now()
        record("billing.subscription.halted", target=subscription, data={"lines": LINES_A_DAY})
        return Bill(halted=True)
    seen = min(until, now_of(subscription.customer))  # A preview looks ahead.
    subscription.billed_at = max(seen, subscription.billed_at or seen)
    subscription.usage_from = kept_from(subscription, history, seen)
    if not found:
        return Bill()
    subscription.bills += 1
    with translation.override(subscription.customer.language):
        return _documents(actor, subscription, found, until)


def _too_many(subscription: Subscription, found: Difference, until: datetime) -> bool:
    recent = BilledLine.objects.filter(subscription=subscription, billed_at__gt=until - timedelta(days=1))
    return recent.count() + len(found.charges) + len(found.back) > LINES_A_DAY


def _documents(actor: Actor, subscription: Subscription, found: Difference, until: datetime) -> Bill:
    made = Bill()
    way = way_of(found, subscription.plan_version.proration)
    if way == "apart":
        made.credit_notes = _credit_notes(actor, subscription, found.back, until)
    charges = [_charge_line(charge, subscription.bills) for charge in found.charges]
    negative = [_back_line(one, subscription.bills) for one in found.back] if way == "one_invoice" else []
    made.lines = negative + charges
    if not charges:
        return made
    invoice = invoice_draft(
        actor=actor,
        customer=subscription.customer,
        lines=made.lines,
        key=f"subscription:{subscription.pk}:{subscription.bills}",
        period=_span(found),
        subscription_id=subscription.pk,
        coupons=_coupons(subscription, until),
    )
    made.invoice = invoice_finalise(actor=actor, invoice=invoice)
    back = found.back if negative else ()
    rows = [_given_back(subscription, one, until, invoice_id=invoice.pk) for one in back]
    BilledLine.objects.bulk_create(rows + [_charged(subscription, one, invoice.pk, until) for one in found.charges])
    return made


def _span(found: Difference) -> Period:
    covers = [one.line.covers for one in found.charges]
    return Period(min(one.start for one in covers), max(one.end for one in covers))


def _line_key(item_id: UUID, price_id: UUID, slot_start: datetime, bill: int) -> str:
    """The key of a billed line: one price of an item, one period, one billing run."""
    return f"{item_id.hex}:{price_id.hex}:{slot_start:%Y%m%dT%H%M}:{bill}"


def _charge_line(charge: Charge, bill: int) -> DraftLine:
    line = charge.line
    whole = charge.amount == line.amount
    return DraftLine(
        key=_line_key(line.item_id, line.price_id, line.slot.start, bill),
        kind=line.kind,
        description=_("Up to the minimum of %(plan)s") % {"plan": line.name} if line.kind == "minimum" else line.name,
        quantity=line.quantity if whole else Decimal(1),
        unit_amount=line.unit_amount if whole and line.covers == line.slot else None,
        amount=charge.amount,
        period=line.covers,
        item_id=line.item_id,
    )


def _back_line(one: GiveBack, bill: int) -> DraftLine:
    return DraftLine(
        key=f"back:{one.of.id.hex}",
        kind="proration",
        description=_("Unused time: %(line)s") % {"line": one.of.name},
        quantity=Decimal(1),
        unit_amount=None,
        amount=-one.net,
        period=one.covers,
        item_id=one.of.item_id,
        discountable=False,
    )


def _credit_notes(
    actor: Actor, subscription: Subscription, back: Sequence[GiveBack], until: datetime
) -> list[CreditNote]:
    """A credit note on each invoice that something is given back of: first off what is due on it, the rest as credit."""
    by_invoice: dict[UUID, list[GiveBack]] = defaultdict(list)
    for one in back:
        if one.of.invoice_id is not None:
            by_invoice[one.of.invoice_id].append(one)
    invoices = {row.pk: row for row in Invoice.objects.filter(pk__in=by_invoice)}
    notes, rows = [], []
    for invoice_id in sorted(by_invoice):
        some = by_invoice[invoice_id]
        lines = [NoteLine(one.of.line_id, one.exact) for one in some if one.net]
        note = None
        if lines:
            note = credit_note_issue(
                actor=actor,
                invoice=invoices[invoice_id],
                to="open",
                reason=_("Unused time"),
                key=f"subscription:{subscription.pk}:{subscription.bills}:{invoice_id}",
                lines=lines,
            )
            notes.append(note)
        rows += [_given_back(subscription, one, until, credit_note_id=note.pk if note else None) for one in some]
    BilledLine.objects.bulk_create(rows)
    return notes


def _charged(subscription: Subscription, charge: Charge, invoice_id: UUID, until: datetime) -> BilledLine:
    line = charge.line
    return BilledLine(
        organisation_id=subscription.organisation_id,
        subscription=subscription,
        item_id=line.item_id,
        price_id=line.price_id,
        slot_start=line.slot.start,
        slot_end=line.slot.end,
        covers_from=line.covers.start,
        covers_until=line.covers.end,
        quantity=line.quantity,
        amount=charge.amount,
        invoice_id=invoice_id,
        line_key=_line_key(line.item_id, line.price_id, line.slot.start, subscription.bills),
        bill=subscription.bills,
        billed_at=until,
    )


def _given_back(
    subscription: Subscription,
    one: GiveBack,
    until: datetime,
    *,
    invoice_id: UUID | None = None,
    credit_note_id: UUID | None = None,
) -> BilledLine:
    return BilledLine(
        organisation_id=subscription.organisation_id,
        subscription=subscription,
        item_id=one.of.item_id,
        price_id=one.of.price_id,
        slot_start=one.of.slot.start,
        slot_end=one.of.slot.end,
        covers_from=one.covers.start,
        covers_until=one.covers.end,
        amount=-one.gross,
        taken=one.net,
        against_id=one.of.id,
        invoice_id=invoice_id,
        credit_note_id=credit_note_id,
        line_key=f"back:{one.of.id.hex}:{subscription.bills}",
        bill=subscription.bills,
        billed_at=until,
    )


def _coupons(subscription: Subscription, until: datetime) -> list[DraftCoupon]:
    """The coupon in force. A bill that opens a period takes one of its uses; once they are gone, it ends with the period
    that it was last used for. An amount is taken off once a period, a share off every bill in it."""
    rows = CouponRedemption.objects.select_for_update(of=("self",)).select_related("coupon")
    redemption = rows.filter(subscription=subscription, ended_at=None).first()
    if redemption is None:
        return []
    coupon = redemption.coupon
    if redemption.used_for != subscription.current_period_start:
        if redemption.uses_left == 0:
            redemption.ended_at = until
            redemption.save(update_fields=["ended_at"])
            return []
        redemption.used_for = subscription.current_period_start
        if redemption.uses_left is not None:
            redemption.uses_left -= 1
        redemption.save(update_fields=["uses_left", "used_for"])
    elif coupon.amount_off is not None:
        return []
    return [DraftCoupon(coupon.code, coupon.name, coupon.percent_off, coupon.amount_off)]
