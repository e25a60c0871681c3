"""What the search finds of the roof: mails that were written, and key figures."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy

from portal.home.lists import outbox
from portal.kit.context import Actor
from portal.kit.kpis import kpis
from portal.kit.models import OutboundMessage
from portal.kit.search import Hit, Known, Records, kinds


def _mail(row: OutboundMessage) -> Hit:
    note = f"{row.address} · {row.get_state_display()}"
    return Hit(str(row.pk), row.subject, note, reverse("home:outbox_message", args=[row.pk]))


def _kpis(actor: Actor) -> Sequence[Hit]:
    return [Hit(one.code, str(one.label), str(one.definition), reverse("home:kpi", args=[one.code])) for one in kpis]


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
