"""Lists: documents."""

from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from billing.models import CreditNote, Invoice
from billing.presenters.invoices import invoice_rows, note_rows, own_invoice_rows
from billing.selectors import invoices as selectors
from portal.kit.context import Actor
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.templatetags.kit import count


def _invoices(number: int) -> str:
    return ngettext("%(count)s invoice", "%(count)s invoices", number) % {"count": count(number)}


def _notes(number: int) -> str:
    return ngettext("%(count)s credit note", "%(count)s credit notes", number) % {"count": count(number)}


def _text(name: str, label: Any, *, css: str = "", card: Any = "line") -> Column:
    return Column(name, label, cell=cells.text(name), value=attrgetter(name), css=css, card=card)


def _number(name: str, label: Any) -> Column:
    return Column(
        name, label, cell=cells.what("second", "document"), value=attrgetter("label"), fixed=True, card="head"
    )


_STATE = Column(
    "state",
    gettext_lazy("Status"),
    cell=cells.status("state_tone", "state_label"),
    value=attrgetter("state_label"),
    card="state",
)
_DUE = Column(
    "due_at",
    gettext_lazy("Due by"),
    cell=cells.moment("due_at", "date", "–"),
    value=attrgetter("due_at"),
    css="num quiet",
    card="line",
)


def _made(label: Any) -> Column:
    return Column(
        "created",
        label,
        cell=cells.moment("created_at", "date"),
        value=attrgetter("created_at"),
        by=("created_at",),
        newest=True,
        css="num quiet",
    )


def _state(*, drafts: bool) -> Choice:
    options = [Option(value, label) for value, label in Invoice.State.choices if drafts or value != "draft"]
    return Choice(
        name="state",
        label=gettext_lazy("Status"),
        options=tuple(options),
        apply=lambda rows, value: rows.filter(state=value),
        tabs=True,
        counted=True,
    )


_COLUMNS = (
    _STATE,
    _text("total", gettext_lazy("Total"), css="num"),
    _text("due", gettext_lazy("Due"), css="num"),
    _DUE,
    _made(gettext_lazy("Created")),
)
_OWED = Choice(
    name="owed",
    label=gettext_lazy("Payment"),
    options=(
        Option("overdue", gettext_lazy("Overdue")),
        Option("waiting", gettext_lazy("Due later")),
        Option("nothing", gettext_lazy("Nothing due")),
    ),
    apply=selectors.by_owed,
)
_BETWEEN = Dates(name="created", label=gettext_lazy("Created"), field="created_at")
_SEARCH = Search("invoice", gettext_lazy("Number, note or id"), tenant=True)


def _source(actor: Actor) -> Any:
    return selectors.invoices(actor)


def _own(actor: Actor) -> Any:
    # Joined, the customer's wall would be guessed to leave one row, and the order's index would not be walked.
    return selectors.invoices_here(actor).select_related(None).prefetch_related("organisation")


invoices = register(
    List(
        name="billing.invoices",
        label=gettext_lazy("Invoices"),
        url="/platform/invoices",
        code="invoice:read",
        source=_source,
        present=invoice_rows,
        items=_invoices,
        columns=(_number("invoice", gettext_lazy("Invoice")), *_COLUMNS),
        sort="-created",
        empty=Empty(
            gettext_lazy("No invoices yet"),
            gettext_lazy("They come with subscriptions, or are drafted by hand."),
            "document",
        ),
        no_match=gettext_lazy("No invoice matches"),
        filters=(_state(drafts=True), _OWED, _BETWEEN),
        search=_SEARCH,
    )
)

own_invoices = register(
    List(
        name="billing.own_invoices",
        label=gettext_lazy("Invoices"),
        url="/o/{slug}/billing/invoices",
        code="billing:read",
        source=_own,
        present=own_invoice_rows,
        items=_invoices,
        columns=(_number("invoice", gettext_lazy("Invoice")), *_COLUMNS),
        sort="-created",
        empty=Empty(gettext_lazy("No invoices yet"), gettext_lazy("Your invoices appear here."), "document"),
        no_match=gettext_lazy("No invoice matches"),
        filters=(_state(drafts=False), _OWED, _BETWEEN),
        search=_SEARCH,
    )
)

credit_notes = register(
    List(
        name="billing.credit_notes",
        label=gettext_lazy("Credit notes"),
        url="/platform/credit-notes",
        code="invoice:read",
        source=selectors.credit_notes,
        present=note_rows,
        items=_notes,
        columns=(
            _number("note", gettext_lazy("Credit note")),
            _text("invoice_number", gettext_lazy("Invoice")),
            _text("total", gettext_lazy("Total"), css="num"),
            _text("destination", gettext_lazy("Goes to")),
            _made(gettext_lazy("Issued")),
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No credit notes yet"),
            gettext_lazy("They are issued on the page of the invoice that they correct."),
            "document",
        ),
        no_match=gettext_lazy("No credit note matches"),
        filters=(
            Choice(
                name="to",
                label=gettext_lazy("Goes to"),
                options=tuple(Option(value, label) for value, label in CreditNote.Destination.choices),
                apply=lambda rows, value: rows.filter(destination=value),
            ),
            _BETWEEN,
        ),
        search=Search("credit_note", gettext_lazy("Number, invoice or id"), tenant=True),
    )
)
