"""What the caller was told: the notification centre over the API."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import paging
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Parameter, Reply, endpoint, flag, json, row_body
from portal.kit.models.notices import Tone
from portal.kit.notices import selectors, services
from portal.kit.notices.categories import categories

OWN = SignedIn("Everybody reads what was told to them.")
NOTICE = ("id", "category", "tone", "title", "text", "url", "created_at", "read_at")
_ID, _MOMENT = "01890000-0000-7000-8000-0000000000d7", "2026-01-31T08:30:00Z"


def _category(given: str) -> str:
    if given not in categories:
        raise ValueError(str(_("There is no such kind of news.")))
    return given


CATEGORY = Parameter("category", _("One kind of news alone, such as security."), _category)
UNREAD = flag("unread", _("Those alone that one has not read."))


class NoticeReply(Reply):
    """Something the caller was told."""

    id = serializers.UUIDField()
    category = serializers.CharField()
    tone = serializers.ChoiceField(choices=Tone.values)
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True, help_text="The page that it is about.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "category": "job",
        "tone": "ok",
        "title": "The import is done",
        "text": "200 people",
        "url": "/platform/jobs",
        "created_at": _MOMENT,
        "read_at": None,
    }


class NoticesReadBody(Body):
    """Up to which one has read."""

    up_to = serializers.UUIDField(help_text="The newest that one has seen; what came after it stays unread.")
    category = serializers.CharField(max_length=60, required=False, help_text="One kind of news alone.")
    example = {"up_to": _ID}


class NoticesReadReply(Reply):
    """How many were marked."""

    read = serializers.IntegerField()
    example = {"read": 3}


class NoticesView(ApiView):
    """What the caller was told."""

    access = OWN

    @endpoint(items=NoticeReply, query=(UNREAD, CATEGORY))
    def get(self, request: Request) -> HttpResponse:
        """List what one was told, the newest first."""
        rows = selectors.own(self.actor)
        if self.asked["unread"]:
            rows = rows.filter(read_at=None)
        if self.asked["category"]:
            rows = rows.filter(category=self.asked["category"])
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((row_body(row, NOTICE) for row in page.items), page.next)


class NoticesReadView(ApiView):
    """Having read them."""

    access = OWN

    @endpoint(body=NoticesReadBody, reply=NoticesReadReply)
    def post(self, request: Request) -> HttpResponse:
        """Mark all as read up to one, of one kind or of all."""
        return json({"read": services.notices_read(actor=self.actor, **self.sent)})


class NoticeReadView(ApiView):
    """Having read one."""

    access = OWN

    @endpoint(status=204)
    def post(self, request: Request, notice_id: UUID) -> HttpResponse:
        """Mark one as read. Does nothing when it is."""
        services.notice_read(actor=self.actor, notice_id=notice_id)
        return HttpResponse(status=204)
