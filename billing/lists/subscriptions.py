"""Lists: what was agreed."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from accounts import columns
from billing.models import Subscription
from billing.presenters.subscriptions import subscription_rows
from billing.selectors import subscriptions as selectors
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _subscriptions(number: int) -> str:
    return ngettext("%(count)s subscription", "%(count)s subscriptions", number) % {"count": count(number)}


subscriptions = register(
    List(
        name="billing.subscriptions",
        label=gettext_lazy("Subscriptions"),
        url="/platform/subscriptions",
        code="subscription:read",
        source=selectors.subscriptions,
        present=subscription_rows,
        items=_subscriptions,
        columns=(
            columns.named("customer", gettext_lazy("Customer"), under="plan"),
            columns.state(),
            Column(
                "mrr",
                gettext_lazy("Per month"),
                cell=cells.text("mrr"),
                value=attrgetter("mrr"),
                css="num",
                card="line",
            ),
            moment_column(
                "next", gettext_lazy("Next"), "next_at", style="date", empty="–", css="num quiet", card="line"
            ),
            columns.day("created", gettext_lazy("Created"), field="created_at", newest=True),
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No subscriptions yet"),
            gettext_lazy("They begin when an organisation chooses a plan."),
            "refresh",
        ),
        no_match=gettext_lazy("No subscription matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=tuple(Option(value, label) for value, label in Subscription.State.choices),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Dates(name="started", label=gettext_lazy("Began"), field="started_at"),
        ),
        search=Search("organisation", gettext_lazy("Name, short name or id of the organisation"), on="organisation_id"),
    )
)
