"""The OpenAPI document, and the page that shows it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request

from portal.home.api import reference
from portal.kit import edge, openapi
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView, Reply, endpoint
from portal.kit.conditions import is_known, tag_of
from portal.kit.errors import NotFound
from portal.kit.views import PageView


class SchemaReply(Reply):
    """An OpenAPI 3.1 document; its own specification says what is in it."""

    openapi = serializers.CharField()
    info = serializers.DictField()
    paths = serializers.DictField()
    example = {"openapi": "3.1.1", "info": {"title": "Steward", "version": "1"}, "paths": {}}


class SchemaView(ApiView):
    """This description, for generators of clients."""

    access = SignedIn("It tells what there is, and holds nobody's data.", by_key=True, in_view=True)

    @endpoint(reply=SchemaReply, etag=True)
    def get(self, request: Request) -> HttpResponse:
        """Read the OpenAPI document of this version."""
        tag = tag_of(openapi.document())
        known = is_known(request._request, tag)
        reply = HttpResponse(status=304) if known else HttpResponse(openapi.rendered(), content_type="application/json")
        reply.headers["ETag"] = tag
        return reply


class DocsView(PageView):
    """The reference for people, drawn from the same document: without a bundle of scripts, under the strict CSP."""

    access = SignedIn("It tells what there is, and holds nobody's data.", by_key=True, in_view=True)
    template_name = "home/api_docs.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All endpoints by noun, a line each; those of `?noun=`, and the few that `?q=` finds, with all about them."""
        wanted = request.GET.get("q", "").replace("\0", "").strip()[: reference.SEARCH_LIMIT]
        nouns = reference.nouns()
        noun = request.GET.get("noun", "")
        if noun and noun not in nouns:
            raise NotFound
        found = reference.groups(wanted, noun)
        shown = sum(len(group.operations) for group in found)
        about = {"groups": found, "nouns": nouns, "noun": noun, "q": wanted, "shown": shown, "total": reference.total()}
        about["call"] = request.GET.get("call", "")
        return self.page({**about, "whole": bool(noun) or shown <= reference.WHOLE})


class NoSuchEndpoint(ApiView):
    """Every other address under /api/v1."""

    access = Public("Says that there is nothing here.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404 whatever the method."""
        return edge.respond(request, NotFound())
