"""The outbox over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from portal.home.lists import outbox
from portal.kit.api import ApiView, Reply, endpoint
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.mail import selectors, services
from portal.kit.models import OutboundMessage

LISTED = ("id", "address", "category", "subject", "state", "attempts", "resends", "error", "created_at", "sent_at")
EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000d1",
    "address": "ada.lindqvist@example.com",
    "category": "security",
    "subject": "Your password was changed",
    "state": "sent",
    "attempts": 1,
    "resends": 0,
    "error": "",
    "created_at": "2026-01-31T08:30:00Z",
    "sent_at": "2026-01-31T08:30:01Z",
}


class MailReply(Reply):
    """A mail and what became of it."""

    id = serializers.UUIDField()
    address = serializers.EmailField()
    category = serializers.CharField(help_text="The kind of news.")
    subject = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[state.value for state in OutboundMessage.State],
        help_text="kept: no mail server is set up; held: its address takes no mail.",
    )
    attempts = serializers.IntegerField()
    resends = serializers.IntegerField(help_text="How often somebody sent it again on purpose.")
    error = serializers.CharField(allow_blank=True, help_text="Why it has not left.")
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    example = EXAMPLE


class MailWithTextReply(MailReply):
    """One mail with its text, in which links are hidden that let somebody in."""

    text = serializers.CharField()
    example = {**EXAMPLE, "text": "Hello Ada,\n\nthe password of your account was changed."}


class MailsView(ApiView):
    """Mails that were written in the last 30 days."""

    access = "installation:admin"

    @endpoint(items=MailReply, query=parameters_of(outbox))
    def get(self, request: Request) -> HttpResponse:
        """List mails, with the filters, the search and the orders of the console; the newest first if none is asked for."""
        page = page_of(outbox, self.actor, self.asked, *LISTED)
        return self.listed((row.body for row in page.items), page.next)


class MailView(ApiView):
    """One mail."""

    access = "installation:admin"

    @endpoint(reply=MailWithTextReply, etag=True)
    def get(self, request: Request, mail_id: UUID) -> HttpResponse:
        """Read a mail."""
        return self.single(_body(selectors.mail(self.actor, mail_id)))


class MailResendView(ApiView):
    """Send a mail again."""

    access = "installation:admin"

    @endpoint(reply=MailWithTextReply, errors=(services.MailNotSendable, services.NoMailServer))
    def post(self, request: Request, mail_id: UUID) -> HttpResponse:
        """Send a mail again, whatever became of it before. Whoever has got it already gets it a second time."""
        row = selectors.mail(self.actor, mail_id)
        return self.single(_body(services.mail_resend(actor=self.actor, mail=row)))


def _body(row: OutboundMessage) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in LISTED}, "text": selectors.body_of(row)[0]}
