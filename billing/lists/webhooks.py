"""Lists: events that leave by HTTP."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from billing.presenters.webhooks import webhook_rows
from billing.selectors import webhooks as selectors
from portal.kit.lists import Choice, Column, Empty, List, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _webhooks(number: int) -> str:
    return ngettext("%(count)s webhook", "%(count)s webhooks", number) % {"count": count(number)}


webhooks = register(
    List(
        name="billing.webhooks",
        label=gettext_lazy("Webhooks"),
        url="/o/{slug}/webhooks",
        code=selectors.READ,
        source=selectors.webhooks_here,
        present=webhook_rows,
        items=_webhooks,
        columns=(
            Column(
                "webhook",
                gettext_lazy("Webhook"),
                cell=cells.what("description", "globe"),
                value=attrgetter("label"),
                by=("url",),
                fixed=True,
                card="head",
            ),
            Column(
                "state",
                gettext_lazy("Status"),
                cell=cells.status("state_tone", "state_label"),
                value=attrgetter("state_label"),
                card="state",
            ),
            Column("types", gettext_lazy("Events"), cell=cells.text("types"), value=attrgetter("types"), card="line"),
            moment_column("last", gettext_lazy("Last delivered"), "last_success_at", card="line"),
        ),
        sort="webhook",
        empty=Empty(
            gettext_lazy("No webhooks yet"),
            gettext_lazy("A webhook tells a server of yours what happens here, as soon as it does."),
            "globe",
        ),
        no_match=gettext_lazy("No webhook matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("active", gettext_lazy("Active")),
                    Option("paused", gettext_lazy("Paused")),
                    Option("failing", gettext_lazy("Paused after failures")),
                ),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
        ),
    )
)
