"""Endpoints of the activity: the requests themselves, not what they changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from audit.api.serializers import ACTIVITY, ActivityReply
from audit.lists import activity
from audit.lists.activity import PERSON
from portal.kit.api import ApiView, endpoint
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.errors import NotFound
from portal.kit.identity import people_matching

PARAMETERS = parameters_of(activity)


class _Requests(ApiView, abstract=True):
    """What both lists share."""

    def narrowed(self, asked: Mapping[str, Any]) -> HttpResponse:
        """The page that was asked for, of what the console shows too."""
        page = page_of(activity, self.actor, asked, *ACTIVITY)
        return self.listed((row.body for row in page.items), page.next)


class ActivityListView(_Requests):
    """Requests that pages and endpoints answered, newest first: of the last 30 days at most, after which they go."""

    access = "audit:read"

    @endpoint(items=ActivityReply, query=PARAMETERS)
    def get(self, request: Request) -> HttpResponse:
        """List requests, with the filters of the console."""
        return self.narrowed(self.asked)


class ActivityOfView(_Requests):
    """What one person asked for."""

    access = "audit:read"

    @endpoint(items=ActivityReply, query=tuple(one for one in PARAMETERS if one.name != PERSON))
    def get(self, request: Request, user_id: UUID) -> HttpResponse:
        """List the requests of a person."""
        if not people_matching(str(user_id)):
            raise NotFound
        return self.narrowed(self.asked | {PERSON: str(user_id)})
