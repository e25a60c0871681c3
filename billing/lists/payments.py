"""Lists: payments, what providers told, who is reminded, and the providers' accounts."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from billing.models import DunningRun, Payment, ProviderAccount, ProviderEvent
from billing.presenters.payment_console import dunning_rows, event_rows, provider_rows
from billing.presenters.payments import payment_rows
from billing.selectors import payments as selectors
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _payments(number: int) -> str:
    return ngettext("%(count)s payment", "%(count)s payments", number) % {"count": count(number)}


def _events(number: int) -> str:
    return ngettext("%(count)s webhook", "%(count)s webhooks", number) % {"count": count(number)}


def _runs(number: int) -> str:
    return ngettext("%(count)s customer", "%(count)s customers", number) % {"count": count(number)}


def _accounts(number: int) -> str:
    return ngettext("%(count)s provider", "%(count)s providers", number) % {"count": count(number)}


def _text(name: str, label: object, **more: object) -> Column:
    return Column(name, label, cell=cells.text(name), value=attrgetter(name), card="line", **more)  # type: ignore[arg-type]


_STATE = Column(
    "state",
    gettext_lazy("Status"),
    cell=cells.status("state_tone", "state_label"),
    value=attrgetter("state_label"),
    card="state",
)

payments = register(
    List(
        name="billing.payments",
        label=gettext_lazy("Payments"),
        url="/platform/payments",
        code="payment:admin",
        source=selectors.payments,
        present=payment_rows,
        items=_payments,
        columns=(
            Column(
                "customer",
                gettext_lazy("Customer"),
                cell=cells.who("number"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            _STATE,
            _text("amount", gettext_lazy("Amount"), css="num"),
            _text("road", gettext_lazy("Way")),
            moment_column("at", gettext_lazy("Happened"), "event_at", sortable=True, css="num quiet"),
        ),
        sort="-at",
        empty=Empty(
            gettext_lazy("No payments yet"),
            gettext_lazy("They come with the first invoice that is paid, and are never written by hand alone."),
            "card",
        ),
        no_match=gettext_lazy("No payment matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=tuple(Option(value, label) for value, label in Payment.State.choices),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Choice(
                name="provider",
                label=gettext_lazy("Provider"),
                options=tuple(Option(value, label) for value, label in ProviderAccount.Provider.choices),
                apply=lambda rows, value: rows.filter(provider=value),
            ),
            Dates(name="at", label=gettext_lazy("Happened"), field="event_at"),
        ),
    )
)

provider_events = register(
    List(
        name="billing.provider_events",
        label=gettext_lazy("Provider events"),
        url="/platform/payments/events",
        code="payment:admin",
        source=selectors.provider_events,
        present=event_rows,
        items=_events,
        columns=(
            Column(
                "kind",
                gettext_lazy("Kind"),
                cell=cells.what("ref", "mail"),
                value=attrgetter("label"),
                by=("kind",),
                fixed=True,
                card="head",
            ),
            _STATE,
            _text("account", gettext_lazy("Provider")),
            moment_column("received", gettext_lazy("Received"), "received_at", sortable=True, css="num quiet"),
        ),
        sort="-received",
        empty=Empty(
            gettext_lazy("Nothing was told yet"),
            gettext_lazy("Enter the address of an account's webhooks at the provider. What it sends stands here."),
            "mail",
        ),
        no_match=gettext_lazy("No webhook matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=tuple(Option(value, label) for value, label in ProviderEvent.State.choices),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Dates(name="received", label=gettext_lazy("Received"), field="received_at"),
        ),
    )
)

dunning = register(
    List(
        name="billing.dunning",
        label=gettext_lazy("Dunning"),
        url="/platform/dunning",
        code="payment:admin",
        source=selectors.dunning_runs,
        present=dunning_rows,
        items=_runs,
        columns=(
            Column(
                "customer",
                gettext_lazy("Customer"),
                cell=cells.who("number"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            _STATE,
            Column(
                "stage",
                gettext_lazy("Stage"),
                cell=cells.status("stage_tone", "stage_label"),
                value=attrgetter("stage_label"),
                card="line",
            ),
            _text("due", gettext_lazy("Due"), css="num"),
            Column(
                "attempts",
                gettext_lazy("Tried again"),
                cell=cells.number("attempts"),
                value=attrgetter("attempts"),
                css="num",
                card="line",
            ),
            Column(
                "since",
                gettext_lazy("Due by"),
                cell=cells.moment("due_on", "date", "–"),
                value=attrgetter("due_on"),
                by=("due_at",),
                newest=True,
                css="num quiet",
            ),
        ),
        sort="-since",
        empty=Empty(
            gettext_lazy("Nobody owes anything"),
            gettext_lazy("Customers who did not pay in time stand here, with what was done about it and what follows."),
            "check-circle",
        ),
        no_match=gettext_lazy("Nobody matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=tuple(Option(value, label) for value, label in DunningRun.State.choices),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Choice(
                name="stage",
                label=gettext_lazy("Stage"),
                options=tuple(Option(value, label) for value, label in DunningRun.Stage.choices),
                apply=lambda rows, value: rows.filter(stage=value),
            ),
        ),
    )
)

provider_accounts = register(
    List(
        name="billing.provider_accounts",
        label=gettext_lazy("Payment providers"),
        url="/platform/payment-providers",
        code="payment:admin",
        source=selectors.accounts,
        present=provider_rows,
        items=_accounts,
        columns=(
            Column(
                "name",
                gettext_lazy("Account"),
                cell=cells.what("second", "card"),
                value=attrgetter("label"),
                by=("label",),
                fixed=True,
                card="head",
            ),
            _STATE,
            Column(
                "money",
                gettext_lazy("Money"),
                cell=cells.status("money_tone", "money_label"),
                value=attrgetter("money_label"),
                card="line",
            ),
            Column(
                "compared",
                gettext_lazy("Last compared"),
                cell=cells.moment("reconciled_at", empty=gettext_lazy("Never")),  # type: ignore[arg-type]
                value=attrgetter("reconciled_at"),
                css="num quiet",
            ),
        ),
        sort="name",
        empty=Empty(
            gettext_lazy("No way to pay yet"),
            gettext_lazy("Set up the sandbox to try everything, then the account of a provider."),
            "card",
        ),
        no_match=gettext_lazy("No provider matches"),
    )
)
