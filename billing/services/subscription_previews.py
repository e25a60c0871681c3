"""What a change of a subscription would do: it is done by the same services, looked at, and undone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.models import CreditNote, Invoice, InvoiceLine, InvoiceTax, PendingChange, Subscription
from billing.periods import Period
from billing.services.subscription_bills import Bill
from billing.services.subscription_steps import subscription_step
from billing.subscription_changing import Changed
from billing.subscription_guards import authorise_on
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac import decision


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A line as it would stand on the document; minor units, without tax."""

    description: str
    kind: str
    amount: int
    discount: int
    period: Period | None


@dataclass(frozen=True, slots=True)
class PreviewTax:
    """The tax of one rate."""

    name: str
    percent: str
    amount: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be billed now, and what comes then; minor units of `currency`.

    `due` is what would be left to pay after the customer's credit; `credit` is what credit notes would give back, taxes
    included. `takes_effect`: when the change holds, if not at once. `next_at` is the date of the next invoice, of
    `next_total`; None when there is none.
    """

    currency: str
    state: str
    lines: tuple[PreviewLine, ...]
    taxes: tuple[PreviewTax, ...]
    subtotal: int
    discount: int
    tax: int
    total: int
    due: int
    credit: int
    takes_effect: datetime | None
    ends_at: datetime | None
    next_at: datetime | None
    next_lines: tuple[PreviewLine, ...]
    next_total: int


class _Undo(Exception):
    def __init__(self, preview: Preview) -> None:
        super().__init__("undone")
        self.preview = preview


def previewed(*, actor: Actor, change: Callable[[], Changed]) -> Preview:
    """What `change`, a call of a service, would do; nothing of it stays, neither row, nor event, mail, job or number.

    The service's own errors come through.
    """
    try:
        with writing(), transaction.atomic():
            changed = change()
            raise _Undo(_shown(changed))
    except _Undo as undone:
        decision.forget_stamps()
        return undone.preview


def upcoming(*, actor: Actor, subscription: Subscription) -> Preview:
    """What the next invoice of a subscription will say if nothing changes. Who may see it may ask
    (`billing:read`, staff `subscription:admin`)."""
    authorise_on(actor, subscription.organisation_id, "billing:read")
    return previewed(actor=actor, change=lambda: Changed(subscription, Bill()))


def _shown(changed: Changed) -> Preview:
    subscription, bill = changed.subscription, changed.bill
    invoice = bill.invoice
    lines, taxes = _lines(invoice), _taxes(invoice)
    lines = tuple(line for note in bill.credit_notes for line in _note_lines(note)) + lines
    waits = PendingChange.objects.filter(subscription=subscription, done_at=None, dropped_at=None).order_by("at")
    pending = waits.values_list("at", flat=True).first()
    state, ends_at = subscription.state, subscription.cancel_at or subscription.ended_at
    next_at, following = _next(subscription)
    return Preview(
        currency=subscription.currency,
        state=state,
        lines=lines,
        taxes=taxes,
        subtotal=invoice.subtotal if invoice else 0,
        discount=invoice.discount if invoice else 0,
        tax=invoice.tax if invoice else 0,
        total=invoice.total if invoice else 0,
        due=max(0, invoice.due) if invoice else 0,
        credit=sum(note.total for note in bill.credit_notes),
        takes_effect=pending,
        ends_at=ends_at,
        next_at=next_at,
        next_lines=_lines(following),
        next_total=following.total if following else 0,
    )


def _next(subscription: Subscription) -> tuple[datetime | None, Invoice | None]:
    """The next moment at which something is billed, by going there; at most a few moments bill nothing."""
    known = set(_invoices(subscription))
    moment = subscription.next_at
    for _step in range(4):
        if moment is None:
            return None, None
        # What comes by itself is nobody's act: whoever may see the subscription may see what will become of it.
        with context.system("a preview") as current:
            subscription_step(actor=current.actor, subscription=subscription, until=moment)
        fresh = [key for key in _invoices(subscription) if key not in known]
        if fresh:
            return moment, Invoice.objects.get(pk=fresh[-1])
        subscription = Subscription.objects.select_related("customer__test_clock", "plan_version").get(
            pk=subscription.pk
        )
        moment = subscription.next_at
    return None, None


def _invoices(subscription: Subscription) -> list[UUID]:
    return list(Invoice.objects.filter(subscription_id=subscription.pk).order_by("id").values_list("pk", flat=True))


def _lines(invoice: Invoice | None) -> tuple[PreviewLine, ...]:
    if invoice is None:
        return ()
    return tuple(
        PreviewLine(
            line.description,
            line.kind,
            line.amount,
            line.discount,
            Period(line.period_start, line.period_end) if line.period_start and line.period_end else None,
        )
        for line in InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    )


def _note_lines(note: CreditNote) -> list[PreviewLine]:
    return [PreviewLine(line.description, "proration", -line.net, 0, None) for line in note.lines.order_by("position")]


def _taxes(invoice: Invoice | None) -> tuple[PreviewTax, ...]:
    if invoice is None:
        return ()
    rows = InvoiceTax.objects.filter(invoice=invoice).order_by("position")
    return tuple(PreviewTax(row.name, f"{row.percent.normalize():f}", row.amount) for row in rows)
