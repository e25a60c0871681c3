"""What the search finds of the roof: mails that were written, key figures, settings and dashboards."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy

from portal.home import board_selectors
from portal.home.lists import outbox
from portal.home.models import Dashboard
from portal.kit.context import Actor
from portal.kit.kpis import kpis
from portal.kit.models import OutboundMessage
from portal.kit.runtime import declare
from portal.kit.runtime.selectors import READ
from portal.kit.search import Hit, Known, Realm, Records, containing, kinds


def _mail(row: OutboundMessage) -> Hit:
    note = f"{row.address} · {row.get_state_display()}"
    return Hit(str(row.pk), row.subject, note, reverse("home:outbox_message", args=[row.pk]))


def _kpis(actor: Actor) -> Sequence[Hit]:
    return [Hit(one.code, str(one.label), str(one.definition), reverse("home:kpi", args=[one.code])) for one in kpis]


def _settings(actor: Actor) -> Sequence[Hit]:
    return [
        Hit(one.code, str(one.label), str(one.help), reverse("home:setting", args=[one.code]))
        for one in declare.everything()
    ]


def _board(row: Dashboard) -> Hit:
    inside = row.organisation
    url = (
        reverse("home:inside_dashboard", args=[inside.slug, row.pk])
        if inside
        else reverse("home:dashboard", args=[row.pk])
    )
    return Hit(str(row.pk), row.name, f"{row.owner} · {row.get_sharing_display()}", url)


def _boards(realm: Realm, url: str) -> Records:
    return Records(
        "dashboards",
        realm,
        gettext_lazy("Dashboards"),
        "home",
        "dashboard:read",
        url,
        place=33,
        source=lambda actor: board_selectors.dashboards(actor).select_related("organisation"),
        hit=_board,
        narrow=containing("name"),
        order=("-id",),
    )


kinds.add(_boards("platform", "/dashboards"))
kinds.add(_boards("organisation", "/o/{slug}/dashboards"))
kinds.add(
    Known(
        "settings",
        "platform",
        gettext_lazy("Settings"),
        "settings",
        READ,
        "/platform/settings",
        place=35,
        hits=_settings,
    )
)
kinds.add(
    Records(
        "mails",
        "platform",
        gettext_lazy("Mails"),
        "mail",
        outbox.code,
        outbox.url,
        place=75,
        source=outbox.source,
        hit=_mail,
        search=outbox.search,
        order=("-created_at", "-id"),
    )
)
kinds.add(
    Known(
        "kpis",
        "platform",
        gettext_lazy("Key figures"),
        "activity",
        "kpi:read",
        "/platform/kpis",
        place=34,
        hits=_kpis,
    )
)
