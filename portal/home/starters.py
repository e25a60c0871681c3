"""The dashboard that a person begins with until it has arranged one: the first of these that fits what it may do.

Each names everything that its reader may want; what a person may not see is left out when it is shown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.home.layouts import Layout, made
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.kpis import kpis
from portal.kit.widgets import INSIDE, PLATFORM, Realm, realm_of


@dataclass(frozen=True)
class Starter:
    """A dashboard for a role. It fits whoever holds all of `codes`."""

    code: str
    label: Promise
    text: Promise
    codes: tuple[str, ...]
    layout: Callable[[], Layout]
    realms: frozenset[Realm] = PLATFORM


def _kpi(*codes: str) -> list[tuple[str, int, dict[str, str]]]:
    return [("home.kpi", 3, {"kpi": code}) for code in codes]


def _business() -> Layout:
    return made(
        ("home.steps", 12),
        ("home.for_me", 12),
        *_kpi("mrr", "nrr", "active_users_monthly", "cash_collected"),
        ("home.kpi_chart", 8, {"kpi": "mrr"}),
        ("maintenance.schedules", 4),
        ("audit.activity", 8),
        ("maintenance.backups", 4),
        ("maintenance.night", 4),
        ("accounts.people", 4),
        ("billing.overdue", 4),
        ("maintenance.jobs", 4),
        ("maintenance.system", 4),
    )


def _people() -> Layout:
    return made(
        ("home.steps", 12),
        ("home.for_me", 12),
        ("accounts.sign_ins", 8),
        ("accounts.people", 4),
        ("maintenance.night", 4),
        ("audit.activity", 8),
        ("maintenance.schedules", 4),
        ("maintenance.backups", 4),
        ("maintenance.jobs", 4),
        ("maintenance.system", 4),
        ("home.notices", 4),
    )


def _money() -> Layout:
    return made(
        ("home.for_me", 12),
        *_kpi("mrr", "cash_collected", "receivable", "dso"),
        ("home.kpi_chart", 8, {"kpi": "cash_collected"}),
        ("billing.overdue", 4),
        ("billing.dunning", 4),
        ("home.notices", 8),
    )


def _support() -> Layout:
    return made(
        ("home.for_me", 12),
        *_kpi("mrr", "new_organisations", "nps", "health_score"),
        ("audit.activity", 8),
        ("accounts.people", 4),
        ("maintenance.jobs", 4),
        ("billing.overdue", 4),
        ("home.notices", 4),
    )


def _plain() -> Layout:
    return made(("home.for_me", 8), ("home.announcements", 4), ("home.notices", 12))


def _inside() -> Layout:
    return made(
        ("home.steps", 12),
        ("home.for_me", 8),
        ("accounts.organisation", 4),
        ("audit.activity", 8),
        ("billing.invoices", 4),
        ("home.notices", 4),
    )


def _figures() -> Layout:
    return made(*_kpi(*(kpi.code for kpi in kpis)))


# The first that fits is what a person begins with; the last of each realm fits everybody who has a home page there.
STARTERS = (
    Starter(
        "business", _("Business"), _("How the business does, and what runs it."), ("installation:admin",), _business
    ),
    Starter(
        "people",
        _("People and system"),
        _("Who comes and goes, and how the installation stands."),
        ("user:admin",),
        _people,
    ),
    Starter("money", _("Money"), _("What comes in, what is owed, who is reminded."), ("ledger:read",), _money),
    Starter(
        "support", _("Customers"), _("How customers do, and what happened last."), ("user:read", "kpi:read"), _support
    ),
    Starter("figures", _("All key figures"), _("Every figure there is, at a glance."), ("kpi:read",), _figures),
    Starter("plain", _("Home"), _("What concerns you."), (), _plain),
    Starter("organisation", _("Overview"), _("What is going on here."), (), _inside, INSIDE),
)


def offered(actor: Actor) -> list[Starter]:
    """The dashboards of roles that fit `actor` where it stands, its own first."""
    realm = realm_of(actor)
    found = [one for one in STARTERS if realm in one.realms]
    return [one for one in found if all(can(actor, code) for code in one.codes)]


def starter_of(actor: Actor) -> Starter:
    """What `actor` begins with."""
    return offered(actor)[0]
