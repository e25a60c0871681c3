"""The outbox: mails that were written."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home import selectors
from portal.kit import paging
from portal.kit.models import OutboundMessage as Message
from portal.kit.views import PageView

CATEGORIES = {"security": gettext_lazy("Security")}


class Outbox(PageView):
    """Mails that were written; without a mail server this page is where they are read."""

    access = "installation:admin"
    template_name = "kit/outbox_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first."""
        return self.page({"page": paging.of(request, selectors.outbox(self.actor), _mail_row)})


class OutboxMessage(PageView):
    """One mail."""

    access = "installation:admin"
    template_name = "kit/outbox_detail.html"

    def get(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """Its text."""
        found = selectors.message(self.actor, message_id)
        return self.page({"mail": _mail_row(found) | {"text": found.text}, "list_url": reverse("home:outbox")})


def _mail_row(message: Message) -> dict[str, Any]:
    tones = {"queued": "info", "sent": "ok", "failed": "bad"}
    labels = {"queued": _("In the outbox"), "sent": _("Sent"), "failed": _("Failed")}
    return {
        "url": reverse("home:outbox_message", args=[message.pk]),
        "to": message.address,
        "subject": message.subject,
        "category": CATEGORIES.get(message.category, message.category),
        "state_tone": tones[message.state],
        "state_label": labels[message.state],
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "error": message.error,
    }
