"""The lists of the roof: mails that were written, and addresses that take none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kit.context import Actor
from portal.kit.lists import Action, Choice, Column, Dates, Empty, List, Many, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.mail import selectors, services
from portal.kit.models import OutboundMessage, SuppressedAddress
from portal.kit.notices.categories import categories
from portal.kit.templatetags import kit

KIND = "mail"  # Of the tokens that kit's migration 0007 makes.
TONES = {"queued": "info", "sent": "ok", "failed": "bad", "kept": "", "held": "warn"}
State = OutboundMessage.State
Reason = SuppressedAddress.Reason


@dataclass(frozen=True)
class MailRow:
    """A mail as a row."""

    id: UUID
    label: str
    url: str
    address: str
    category: str
    state_tone: str
    state_label: str
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


def category_label(name: str) -> str:
    """What a kind of mail is called; its code when no room declares it any more."""
    return str(categories.get(name).label) if name in categories else name


def mail_row(mail: OutboundMessage) -> MailRow:
    """A mail as lists and its page show it."""
    return MailRow(
        mail.pk,
        mail.subject,
        reverse("home:outbox_message", args=[mail.pk]),
        mail.address,
        category_label(mail.category),
        TONES[mail.state],
        str(State(mail.state).label),
        mail.attempts,
        mail.error,
        mail.created_at,
        mail.sent_at,
    )


def _mails(number: int) -> str:
    return ngettext("%(count)s mail", "%(count)s mails", number) % {"count": kit.count(number)}


def _addresses(number: int) -> str:
    return ngettext("%(count)s address", "%(count)s addresses", number) % {"count": kit.count(number)}


def _subject(row: MailRow) -> str:
    return format_html(
        '<a class="who" href="{}"><span class="glyph">{}</span><span><b>{}</b><small>{}</small></span></a>',
        row.url,
        kit.icon("mail"),
        row.label,
        row.category,
    )


def _by_state(rows: "QuerySet[OutboundMessage]", value: str) -> "QuerySet[OutboundMessage]":
    return rows.filter(state=value)


def _by_category(rows: "QuerySet[OutboundMessage]", values: list[str]) -> "QuerySet[OutboundMessage]":
    return rows.filter(category__in=values)


def _kinds() -> list[Option]:
    return [Option(one.name, one.label) for one in sorted(categories, key=attrgetter("order")) if one.mail != "never"]


outbox = register(
    List(
        name="home.mails",
        label=gettext_lazy("Outbox"),
        url="/platform/outbox",
        code=services.PERMISSION,
        source=selectors.mails_listed,
        present=lambda _actor, rows: [mail_row(row) for row in rows],
        items=_mails,
        columns=(
            Column(
                "subject",
                gettext_lazy("Subject"),
                cell=_subject,
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column(
                "state",
                gettext_lazy("State"),
                cell=cells.status("state_tone", "state_label"),
                value=attrgetter("state_label"),
                card="state",
            ),
            Column("to", gettext_lazy("To"), cell=cells.text("address"), value=attrgetter("address"), card="line"),
            Column(
                "category",
                gettext_lazy("Kind"),
                cell=cells.text("category"),
                value=attrgetter("category"),
                shown=False,
            ),
            Column("error", gettext_lazy("Reason"), cell=cells.text("error"), value=attrgetter("error"), shown=False),
            Column(
                "attempts",
                gettext_lazy("Attempts"),
                cell=cells.number("attempts"),
                value=attrgetter("attempts"),
                css="num",
                shown=False,
            ),
            moment_column("sent", gettext_lazy("Sent"), "sent_at", empty="\N{EN DASH}", shown=False),
            moment_column("created", gettext_lazy("Written"), "created_at", sortable=True, card="line"),
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No mail yet"),
            gettext_lazy("Invitations, password mails and alerts appear here before they leave."),
            "mail",
        ),
        no_match=gettext_lazy("No mail matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("State"),
                options=tuple(Option(state.value, state.label) for state in State),
                apply=_by_state,
                tabs=True,
            ),
            Many(name="category", label=gettext_lazy("Kind"), options=_kinds, apply=_by_category),
            Dates(name="created", label=gettext_lazy("Written"), field="created_at"),
        ),
        search=Search(KIND, gettext_lazy("Address, subject or id")),
        actions=(
            Action(
                "resend",
                gettext_lazy("Send again"),
                services.PERMISSION,
                services.mails_resend_bulk,
                question=lambda number: _("Send %(mails)s again?") % {"mails": _mails(number)},
                consequence=gettext_lazy(
                    "Whoever has got it already gets it a second time. Links in it may be used up."
                ),
                done=lambda number: _("Waiting to be sent again: %(mails)s.") % {"mails": _mails(number)},
                icon="refresh",
            ),
        ),
    )
)


@dataclass(frozen=True)
class SuppressedRow:
    """An address that takes no mail, as a row."""

    id: UUID
    label: str
    url: str
    reason_tone: str
    reason_label: str
    detail: str
    created_at: datetime


def _suppressed(_actor: Actor, rows: Sequence[SuppressedAddress]) -> list[SuppressedRow]:
    tones = {Reason.BOUNCED: "bad", Reason.COMPLAINED: "warn", Reason.REFUSED: "bad"}
    return [
        SuppressedRow(
            row.pk,
            row.address,
            "",
            tones[Reason(row.reason)],
            str(Reason(row.reason).label),
            row.detail,
            row.created_at,
        )
        for row in rows
    ]


def _by_reason(rows: "QuerySet[SuppressedAddress]", value: str) -> "QuerySet[SuppressedAddress]":
    return rows.filter(reason=value)


suppressed = register(
    List(
        name="home.suppressed",
        label=gettext_lazy("Addresses that take no mail"),
        url="/platform/outbox/suppressed",
        code=services.PERMISSION,
        source=selectors.suppressed,
        present=_suppressed,
        items=_addresses,
        columns=(
            Column(
                "address",
                gettext_lazy("Address"),
                cell=cells.text("label"),
                value=attrgetter("label"),
                by=("address",),
                fixed=True,
                card="head",
            ),
            Column(
                "reason",
                gettext_lazy("Reason"),
                cell=cells.status("reason_tone", "reason_label"),
                value=attrgetter("reason_label"),
                card="state",
            ),
            Column(
                "detail",
                gettext_lazy("What was said"),
                cell=cells.text("detail"),
                value=attrgetter("detail"),
                css="quiet",
                card="line",
            ),
            moment_column("created", gettext_lazy("Since"), "created_at", sortable=True, card="line"),
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("Every address takes mail"),
            gettext_lazy(
                "An address that a mail server refuses for good appears here, and gets no more mail but security mail."
            ),
            "check",
        ),
        no_match=gettext_lazy("No address matches"),
        filters=(
            Choice(
                name="reason",
                label=gettext_lazy("Reason"),
                options=tuple(Option(reason.value, reason.label) for reason in Reason),
                apply=_by_reason,
                tabs=True,
            ),
        ),
        actions=(
            Action(
                "lift",
                gettext_lazy("Write to it again"),
                services.PERMISSION,
                services.addresses_lift_bulk,
                question=lambda number: _("Write to %(addresses)s again?") % {"addresses": _addresses(number)},
                consequence=gettext_lazy(
                    "Providers think less of senders who write to addresses that do not exist. "
                    "Mails that were held back stay so until they are sent again."
                ),
                done=lambda number: _("Written to again: %(addresses)s.") % {"addresses": _addresses(number)},
                icon="unlock",
            ),
        ),
    )
)
