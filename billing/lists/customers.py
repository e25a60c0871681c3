"""Lists: who buys and who sells."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from accounts import columns
from billing.presenters.customers import customer_rows, entity_rows
from billing.selectors import customers as selectors
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.templatetags.kit import count


def _entities(number: int) -> str:
    return ngettext("%(count)s legal entity", "%(count)s legal entities", number) % {"count": count(number)}


def _customers(number: int) -> str:
    return ngettext("%(count)s customer", "%(count)s customers", number) % {"count": count(number)}


entities = register(
    List(
        name="billing.entities",
        label=gettext_lazy("Legal entities"),
        url="/platform/legal-entities",
        code="customer:read",
        source=selectors.entities,
        present=entity_rows,
        items=_entities,
        columns=(
            columns.named("entity", gettext_lazy("Legal entity"), under="code", by=("name",)),
            columns.state(),
            Column(
                "place", gettext_lazy("Country"), cell=cells.text("country"), value=attrgetter("country"), card="line"
            ),
            Column("regime", gettext_lazy("Taxes"), cell=cells.text("regime"), value=attrgetter("regime"), card="line"),
            Column(
                "currency",
                gettext_lazy("Currency"),
                cell=cells.text("currency"),
                value=attrgetter("currency"),
                css="quiet",
            ),
        ),
        sort="entity",
        empty=Empty(
            gettext_lazy("Nobody sells here yet"),
            gettext_lazy("Name the company that stands on your invoices; the first one is the default."),
            "building",
        ),
        no_match=gettext_lazy("No legal entity matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(Option("active", gettext_lazy("Active")), Option("archived", gettext_lazy("Archived"))),
                apply=lambda rows, value: rows.filter(archived_at__isnull=value == "active"),
                tabs=True,
                counted=True,
            ),
        ),
    )
)

customers = register(
    List(
        name="billing.customers",
        label=gettext_lazy("Customers"),
        url="/platform/customers",
        code="customer:read",
        source=selectors.customers,
        present=customer_rows,
        items=_customers,
        columns=(
            columns.named("customer", gettext_lazy("Customer"), under="slug", by=("name",)),
            columns.state(),
            Column(
                "place", gettext_lazy("Country"), cell=cells.text("country"), value=attrgetter("country"), card="line"
            ),
            Column(
                "entity", gettext_lazy("Buys from"), cell=cells.text("entity"), value=attrgetter("entity"), card="line"
            ),
            Column(
                "currency",
                gettext_lazy("Currency"),
                cell=cells.text("currency"),
                value=attrgetter("currency"),
                css="quiet",
            ),
            columns.day("created", gettext_lazy("Customer since"), field="created_at", newest=True, card=True),
        ),
        sort="customer",
        empty=Empty(
            gettext_lazy("No customers yet"),
            gettext_lazy("An organisation becomes one with its first plan, or when you make it one."),
            "people",
        ),
        no_match=gettext_lazy("No customer matches"),
        filters=(
            Choice(
                name="kind",
                label=gettext_lazy("Kind"),
                options=(Option("live", gettext_lazy("Live")), Option("sandbox", gettext_lazy("Sandbox"))),
                apply=lambda rows, value: rows.filter(sandbox=value == "sandbox"),
                tabs=True,
                counted=True,
            ),
            Dates(name="created", label=gettext_lazy("Customer since"), field="created_at"),
        ),
        search=Search("organisation", gettext_lazy("Name of the organisation, short name or id"), on="organisation_id"),
    )
)
