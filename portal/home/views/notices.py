"""The notification centre: everybody's own, and nobody else's."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import htmx, paging, toasts
from portal.kit.access import SignedIn
from portal.kit.errors import BadRequest
from portal.kit.models import Notice
from portal.kit.notices import selectors, services
from portal.kit.notices.categories import Category, categories
from portal.kit.views import PageView

OWN = SignedIn("Everybody reads what was told to them.")
ICONS = {"info": "info", "ok": "check", "warn": "alert", "bad": "close"}


class Notices(PageView):
    """All of them, newest first."""

    access = OWN
    template_name = "home/notices.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page; `?state=unread` narrows it."""
        only_unread, category = request.GET.get("state") == "unread", _category(request.GET.get("category", ""))
        rows = selectors.own(self.actor)
        if category:
            rows = rows.filter(category=category)
        page = paging.of(request, rows.filter(read_at=None) if only_unread else rows, notice_row)
        unread = [row["id"] for row in page.items if row["unread"]]
        values = {
            "page": page,
            "tabs": _tabs(category, only_unread=only_unread),
            "kinds": _kinds(),
            "category": category,
            "up_to": unread[0] if unread and not request.GET.get("cursor") else None,
            "only_unread": only_unread,
        }
        return self.page(values)


def _category(text: str) -> str:
    """The kind of news that is asked for; `BadRequest` for one that there is not."""
    if text and text not in categories:
        raise BadRequest
    return text


def _kinds() -> list[Category]:
    """The kinds that anybody is told of here."""
    return sorted((one for one in categories if one.bell != "never"), key=lambda one: (one.order, one.name))


def _tabs(category: str, *, only_unread: bool) -> list[dict[str, Any]]:
    kind = {"category": category} if category else {}
    return [
        {
            "label": label,
            "url": f"?{urlencode({**state, **kind})}",
            "selected": bool(state) == only_unread,
            "count": None,
        }
        for label, state in ((_("All"), {}), (_("Unread"), {"state": "unread"}))
    ]


class NoticesNewest(PageView):
    """The sheet under the bell."""

    access = OWN
    template_name = "home/_notices.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest few; without scripts, all of them on their page."""
        if not htmx.wants_part(request):
            return redirect("home:notices")
        return self.page({"notices": [notice_row(row) for row in selectors.newest(self.actor)], "small": True})


class NoticesCount(PageView):
    """The number on the bell, asked for now and then."""

    access = OWN
    polled = "whole"

    def get(self, request: HttpRequest) -> HttpResponse:
        """How many are unread, at most one more than the bell can show."""
        return JsonResponse({"unread": selectors.unread_count(self.actor)})


class NoticeRead(PageView):
    """Mark one as read."""

    access = OWN

    def post(self, request: HttpRequest, notice_id: UUID) -> HttpResponse:
        """Mark it and go back to the list."""
        services.notice_read(actor=self.actor, notice_id=notice_id)
        return redirect("home:notices")


class NoticesRead(PageView):
    """Mark what was seen as read."""

    access = OWN

    def post(self, request: HttpRequest) -> HttpResponse:
        """All up to the newest that the page showed, of its kind; what came meanwhile stays unread."""
        category = _category(request.POST.get("category", ""))
        try:
            up_to = UUID(request.POST.get("up_to", ""))
        except ValueError:
            raise BadRequest from None
        number = services.notices_read(actor=self.actor, up_to=up_to, category=category)
        text = ngettext("%(n)s notification marked as read.", "%(n)s notifications marked as read.", number)
        toasts.add(request, text % {"n": number})
        return redirect(f"{reverse('home:notices')}?category={category}" if category else "home:notices")


def notice_row(notice: Notice) -> dict[str, Any]:
    """A notice as its templates show it."""
    return {
        "id": notice.pk,
        "tone": notice.tone,
        "icon": ICONS[notice.tone],
        "title": notice.title,
        "text": notice.text,
        "url": notice.url,
        "created_at": notice.created_at,
        "unread": notice.read_at is None,
        "read_url": reverse("home:notice_read", args=[notice.pk]),
    }
