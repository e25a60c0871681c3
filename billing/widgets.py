"""Widgets about money, what waits there, and the first steps towards selling."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import DunningRun, LegalEntity, Plan
from billing.presenters.invoices import InvoiceRow
from billing.presenters.payment_console import DunningRow
from billing.selectors import invoices
from billing.selectors.payments import dunning_runs
from portal.kit.widgets import INSIDE, Loaded, Options, Place, Step, Task, Waiting, Widget, steps, tasks, widgets

SHOWN = 5


def late(place: Place, options: Options) -> Loaded:
    """Invoices that are owed and late, the longest first."""
    found = invoices.overdue(invoices.invoices(place.actor)).order_by("due_at", "id")[:SHOWN]
    rows = [_row(InvoiceRow(row)) for row in found]
    return {
        "title": _("Overdue invoices"),
        "more_url": f"{reverse('billing:invoices')}?owed=overdue",
        "more_label": _("All overdue"),
        "nothing": _("Every invoice is paid or not due yet."),
        "rows": rows,
    }


def reminded(place: Place, options: Options) -> Loaded:
    """Customers that are reminded of what they owe, the longest first."""
    found = dunning_runs(place.actor).exclude(state=DunningRun.State.CLEARED).order_by("due_at", "id")[:SHOWN]
    rows = [DunningRow(run) for run in found]
    return {
        "title": _("Reminded customers"),
        "more_url": reverse("billing:dunning"),
        "more_label": _("All of them"),
        "nothing": _("Nobody has to be reminded."),
        "rows": [
            {
                "title": row.label,
                "url": row.url,
                "note": row.number,
                "tone": row.stage_tone,
                "state_label": row.stage_label,
                "when": row.run.due_at,
            }
            for row in rows
        ],
    }


def own(place: Place, options: Options) -> Loaded:
    """The newest invoices of the organisation."""
    found = invoices.invoices_here(place.actor).order_by("-id")[:SHOWN]
    return {
        "title": _("Invoices"),
        "more_url": reverse("billing:own_invoices", args=[place.slug]),
        "more_label": _("All invoices"),
        "nothing": _("There is no invoice yet."),
        "rows": [_row(InvoiceRow(row, place.slug)) for row in found],
    }


def _row(row: InvoiceRow) -> dict[str, object]:
    note = " · ".join(part for part in (row.second, row.due or row.total) if part)
    state = {"tone": row.state_tone, "state_label": row.state_label}
    return {"title": row.label, "url": row.url, "note": note, **state, "when": row.due_at}


def to_pay(place: Place) -> Iterator[Waiting]:
    """Invoices of the organisation that are late."""
    number = invoices.overdue(invoices.invoices_here(place.actor)).count()
    if number:
        text = ngettext("%(n)s invoice is overdue", "%(n)s invoices are overdue", number)
        url = reverse("billing:own_invoices", args=[place.slug])
        yield Waiting(text % {"n": number}, url, number, tone="bad", icon="invoice")


def given_up(place: Place) -> Iterator[Waiting]:
    """Customers with whom every reminder and retry is spent."""
    number = dunning_runs(place.actor).filter(state=DunningRun.State.FINISHED).count()
    if number:
        text = ngettext(
            "%(n)s customer did not pay after every reminder",
            "%(n)s customers did not pay after every reminder",
            number,
        )
        url = f"{reverse('billing:dunning')}?state={DunningRun.State.FINISHED}"
        yield Waiting(text % {"n": number}, url, number, tone="warn", icon="card")


widgets.add(
    Widget(
        "billing.overdue",
        gettext_lazy("Overdue invoices"),
        gettext_lazy("What customers owe and is late, the longest first."),
        "invoice:read",
        "kit/widgets/rows.html",
        late,
        icon="invoice",
        every=30,
    )
)
widgets.add(
    Widget(
        "billing.dunning",
        gettext_lazy("Reminded customers"),
        gettext_lazy("Who is reminded of what it owes, and how far that went."),
        "payment:admin",
        "kit/widgets/rows.html",
        reminded,
        icon="card",
        every=30,
    )
)
widgets.add(
    Widget(
        "billing.invoices",
        gettext_lazy("Invoices"),
        gettext_lazy("The newest invoices of this organisation."),
        "billing:read",
        "kit/widgets/rows.html",
        own,
        icon="invoice",
        realms=INSIDE,
        every=30,
    )
)
tasks.add(Task("billing.to_pay", "billing:read", to_pay, INSIDE))
tasks.add(Task("billing.given_up", "payment:admin", given_up))
steps.add(
    Step(
        "billing.entity",
        gettext_lazy("Say who sells"),
        gettext_lazy("The legal entity on your invoices: name, address, tax number."),
        "invoice:admin",
        lambda place: reverse("billing:entities"),
        lambda place: LegalEntity.objects.exists(),
        50,
    )
)
steps.add(
    Step(
        "billing.plan",
        gettext_lazy("Make the first plan"),
        gettext_lazy("What customers can subscribe to, and what it costs."),
        "plan:admin",
        lambda place: reverse("billing:plans"),
        lambda place: Plan.objects.exists(),
        60,
    )
)
