"""Endpoints of the tests of the API base: one that lists, one that writes, one resource, one that will go."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import Organisation
from portal.kit import errors, limits, paging
from portal.kit.access import Public, SignedIn
from portal.kit.api import (
    ApiView,
    Body,
    Deprecated,
    Endpoint,
    Reply,
    endpoint,
    flag,
    identifier,
    json,
    one_of,
    text,
    whole,
)
from portal.kit.services import writing

handler404 = "portal.kit.edge.page_not_found"
ROUTES = "tests.kit.test_api_routes"


class ThingReply(Reply):
    """A thing."""

    slug = serializers.CharField()
    name = serializers.CharField()


class PartBody(serializers.Serializer[Any]):
    """A part of a thing."""

    number = serializers.IntegerField(max_value=9)


class ThingBody(Body):
    """A new thing; `then` says how it goes on after it was written."""

    slug = serializers.CharField(max_length=20)
    then = serializers.ChoiceField(choices=["refuse", "crash"], required=False)
    parts = PartBody(many=True, required=False)


class Things(ApiView):
    """Things."""

    access = SignedIn("A test.")

    @endpoint(
        items=ThingReply,
        query=(
            text("q", "Text."),
            one_of("state", "State.", ("on", "off")),
            flag("open", "Open."),
            identifier("owner", "Owner."),
            whole("size", "Size.", low=1, high=9, default=5),
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        """Tell the parameters."""
        asked = self.asked | {"cursor": str(self.asked["cursor"] or "")}
        return self.listed([asked], paging.parse(str(asked["cursor"])))

    @endpoint(body=ThingBody, reply=ThingReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Write an organisation."""
        with writing():
            made = Organisation.objects.create(slug=self.sent["slug"], name="Made")
        if self.sent.get("then") == "refuse":
            raise errors.Conflict
        if self.sent.get("then") == "crash":
            raise RuntimeError("planted")
        reply = json({"slug": made.slug, "name": made.name}, status=201)
        reply.headers["Location"] = f"/api/v1/things/{made.slug}"
        return reply


def described(row: Organisation) -> dict[str, Any]:
    """An organisation as a body; when it was made is volatile here."""
    return {"slug": row.slug, "name": row.name, "created_at": row.created_at}


class Thing(ApiView):
    """A thing."""

    access = SignedIn("A test.")
    volatile = frozenset({"created_at"})

    @endpoint(reply=ThingReply, etag=True)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Read it."""
        return self.single(described(Organisation.objects.get(slug=slug)))

    @endpoint(body=ThingBody, partial=True, reply=ThingReply, etag=True)
    def patch(self, request: Request, slug: str) -> HttpResponse:
        """Name it after the slug that was sent."""
        row = self.unchanged(Organisation.objects.get(slug=slug), described)
        with writing():
            row.name = self.sent["slug"]
            row.save(update_fields=["name"])
        return self.single(described(row))

    @endpoint(status=204, etag=True, idempotent=False)
    def delete(self, request: Request, slug: str) -> HttpResponse:
        """Delete it."""
        row = self.unchanged(Organisation.objects.get(slug=slug), described)
        with writing():
            row.delete()
        return HttpResponse(status=204)


class Old(ApiView):
    """What will go."""

    access = Public("A test.")
    limit = limits.SENSITIVE
    AWAY = Deprecated(date(2026, 1, 1), date(2027, 1, 1), "/api/v1/things")

    @endpoint(deprecated=AWAY)
    def get(self, request: Request) -> HttpResponse:
        """Say that it will."""
        return json({})

    @endpoint()
    def post(self, request: Request) -> HttpResponse:
        """Nothing but being counted."""
        return json({})


def declared(view: Any, method: str) -> Endpoint:
    """The declaration of a handler."""
    found: Endpoint = view.endpoints[method]
    return found


urlpatterns = [
    path("api/v1/things", Things.as_view()),
    path("api/v1/things/<str:slug>", Thing.as_view()),
    path("api/v1/old", Old.as_view()),
]
