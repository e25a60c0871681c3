"""The outbox: mails that were written, what became of them, and addresses that take none."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home import lists
from portal.kit import errors, toasts
from portal.kit.lists.views import ListView
from portal.kit.mail import selectors, services
from portal.kit.models import OutboundMessage
from portal.kit.views import PageView

SENDING = {
    "outbox": gettext_lazy("No mail server is set up: what is written here is read here, and handed over by you."),
    "smtp": gettext_lazy("Every mail that Steward wrote, and whether it has left. Kept for 30 days."),
}
# A mail is somebody else's document: nothing in it runs, loads, or sends a form, and it cannot reach this console.
BODY_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


class Outbox(ListView):
    """Mails that were written; without a mail server this page is where they are read."""

    access = "installation:admin"
    declared = lists.outbox

    def extra(self) -> dict[str, Any]:
        """How mail leaves, and the way to the addresses that take none."""
        label = _("Addresses that take no mail")
        return {
            "lead": SENDING.get(settings.STEWARD_MAIL, SENDING["smtp"]),
            "head_actions": [{"label": label, "icon": "x-circle", "url": reverse("home:suppressed")}],
        }


class Suppressed(ListView):
    """Addresses that take no mail."""

    access = "installation:admin"
    declared = lists.suppressed
    template_name = "kit/suppressed_list.html"

    def extra(self) -> dict[str, Any]:
        """What this is."""
        return {"lead": _("A mail server or provider said so. They get security mail only.")}


class OutboxMessage(PageView):
    """One mail."""

    access = "installation:admin"
    template_name = "kit/outbox_detail.html"

    def get(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """Its text, and what became of it."""
        found = selectors.mail(self.actor, message_id)
        row = lists.mail_row(found)
        text, html = selectors.body_of(found)
        values = {
            "mail": row,
            "text": text,
            "failed": found.state in {"failed", "held"},
            "hidden": selectors.hides_links(found),
            "html_url": reverse("home:outbox_html", args=[found.pk]) if html else "",
            "facts": _facts(found, row),
            "list_url": reverse("home:outbox"),
            "resend": _resend(found),
        }
        return self.page(values)


class OutboxHtml(PageView):
    """The HTML of one mail, as a document of its own in which nothing runs."""

    access = "installation:admin"

    def get(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """The document, under its own policy; `NotFound` where there is text alone."""
        _text, html = selectors.body_of(selectors.mail(self.actor, message_id))
        if not html:
            raise errors.NotFound
        reply = HttpResponse(html)
        reply["Content-Security-Policy"] = BODY_CSP
        reply["Referrer-Policy"] = "no-referrer"
        return reply


class OutboxResend(PageView):
    """Send one mail again."""

    access = "installation:admin"

    def post(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """Put it back among those that wait, and show it."""
        found = selectors.mail(self.actor, message_id)
        try:
            services.mail_resend(actor=self.actor, mail=found)
            toasts.add(request, _("The mail is sent again."))
        except errors.Conflict as error:
            toasts.add(request, str(error.detail), "warn")
        return redirect("home:outbox_message", message_id)


def _facts(mail: OutboundMessage, row: lists.MailRow) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("To"), "value": row.address},
        {"label": _("Kind"), "value": row.category},
        {"label": _("Written"), "when": row.created_at},
    ]
    if row.sent_at:
        facts.append({"label": _("Sent"), "when": row.sent_at})
    if mail.state == "queued" and mail.attempts:
        facts.append({"label": _("Next attempt"), "when": mail.next_at})
    if mail.state != "kept":
        facts.append({"label": _("Attempts"), "value": row.attempts})
    if mail.resends:
        facts.append({"label": _("Sent again on purpose"), "value": mail.resends})
    return facts


def _resend(mail: OutboundMessage) -> dict[str, Any]:
    """The button, or why there is none to press."""
    action: dict[str, Any] = {"label": _("Send again"), "icon": "refresh", "dialog": "resend"}
    if settings.STEWARD_MAIL == "outbox":
        action["reason"] = _("No mail server is set up. Set STEWARD_MAIL and restart.")
    elif mail.state == "queued":
        action["reason"] = _("It waits to be sent already.")
    return action
