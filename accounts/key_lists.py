"""The lists of an organisation's keys and of its service accounts."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from accounts import key_selectors as selectors
from accounts.presenters.keys import key_rows, service_rows
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _keys(number: int) -> str:
    return ngettext("%(count)s key", "%(count)s keys", number) % {"count": count(number)}


def _services(number: int) -> str:
    return ngettext("%(count)s service account", "%(count)s service accounts", number) % {"count": count(number)}


_CREATED = Column(
    "created",
    gettext_lazy("Created"),
    cell=cells.moment("created_at", "date"),
    value=attrgetter("created_at"),
    by=("created_at",),
    newest=True,
    css="num quiet",
)
_STATE = Column(
    "state",
    gettext_lazy("Status"),
    cell=cells.status("state_tone", "state_label"),
    value=attrgetter("state_label"),
    card="state",
)

keys = register(
    List(
        name="accounts.keys",
        label=gettext_lazy("API keys"),
        url="/o/{slug}/keys",
        code="apikey:read",
        source=selectors.keys_here,
        present=key_rows,
        items=_keys,
        columns=(
            Column(
                "key",
                gettext_lazy("Key"),
                cell=cells.what("begins", "key"),
                value=attrgetter("label"),
                by=("name",),
                fixed=True,
                card="head",
            ),
            _STATE,
            Column("owner", gettext_lazy("Owner"), cell=cells.text("owner"), value=attrgetter("owner"), card="line"),
            Column("scopes", gettext_lazy("May use"), cell=cells.text("scopes"), value=attrgetter("scopes")),
            Column("kind", gettext_lazy("Kind"), cell=cells.text("kind"), value=attrgetter("kind"), shown=False),
            moment_column("used", gettext_lazy("Last used"), "last_used_at", card="line"),
            Column(
                "expires",
                gettext_lazy("Ends"),
                cell=cells.moment("expires_at", "date"),
                value=attrgetter("expires_at"),
                by=("expires_at",),
                css="num",
                card="line",
            ),
            _CREATED,
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No keys yet"), gettext_lazy("A key lets a program call the API in somebody's name."), "key"
        ),
        no_match=gettext_lazy("No key matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("live", gettext_lazy("Active")),
                    Option("ending", gettext_lazy("Ending soon")),
                    Option("over", gettext_lazy("Ended")),
                ),
                apply=selectors.in_state,
                tabs=True,
                counted=True,
            ),
            Dates(name="created", label=gettext_lazy("Created"), field="created_at"),
        ),
        search=Search("key", gettext_lazy("Name, first characters or id"), tenant=True),
    )
)

service_accounts = register(
    List(
        name="accounts.service_accounts",
        label=gettext_lazy("Service accounts"),
        url="/o/{slug}/service-accounts",
        code="apikey:read",
        source=selectors.service_accounts,
        present=service_rows,
        items=_services,
        columns=(
            Column(
                "account",
                gettext_lazy("Service account"),
                cell=cells.what("username", "settings"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            _STATE,
            Column("role", gettext_lazy("Role"), cell=cells.text("role"), value=attrgetter("role"), card="line"),
            Column("keys", gettext_lazy("Live keys"), cell=cells.number("keys"), value=attrgetter("keys"), css="num"),
            _CREATED,
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No service accounts yet"),
            gettext_lazy("One for each machine keeps its keys apart from those of people, who come and go."),
            "settings",
        ),
        no_match=gettext_lazy("No service account matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(Option("active", gettext_lazy("Active")), Option("inactive", gettext_lazy("Inactive"))),
                apply=lambda rows, value: rows.filter(user__is_active=value == "active"),
                tabs=True,
                counted=True,
            ),
            Dates(name="created", label=gettext_lazy("Created"), field="created_at"),
        ),
        search=Search("user", gettext_lazy("Name, user name or id"), on="user_id"),
    )
)
