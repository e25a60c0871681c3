"""Routes of the tests of the request path: views that write, fail, ask nothing or tell what they see."""

from typing import Any

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Organisation
from portal.conf.urls import handler400, handler403, handler404, handler500
from portal.conf.urls import urlpatterns as project
from portal.kit import context
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView
from portal.kit.errors import Conflict, Forbidden
from portal.kit.services import writing
from portal.kit.views import PageView

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

seen: list[context.Context | None] = []
committed: list[str] = []


def _write() -> None:
    with writing():
        Organisation.objects.create(slug="written", name="Written")


class Page(PageView):
    """Does what its address says."""

    access = Public("A page of a test.")

    def get(self, request: HttpRequest, what: str) -> HttpResponse:
        """One of the ways that a request can go."""
        seen.append(context.current())
        way: Any = getattr(self, what)
        return way(request)  # type: ignore[no-any-return]

    def nothing(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        return HttpResponse("nothing")

    def empty(self, request: HttpRequest) -> HttpResponse:
        """No body at all."""
        return HttpResponse(status=204)

    def write(self, request: HttpRequest) -> HttpResponse:
        """A write that commits, and work for after the commit."""
        _write()
        transaction.on_commit(lambda: committed.append("written"))
        assert committed == []
        return HttpResponse("written")

    def write_then_crash(self, request: HttpRequest) -> HttpResponse:
        """A service that has finished, then a mistake."""
        with transaction.atomic():
            _write()
        transaction.on_commit(lambda: committed.append("written"))
        raise RuntimeError("planted")

    def write_then_refuse(self, request: HttpRequest) -> HttpResponse:
        """A typed error after a write."""
        _write()
        raise Conflict

    def query(self, request: HttpRequest) -> HttpResponse:
        """Needs the database."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("queried")

    def tenant(self, request: HttpRequest) -> HttpResponse:
        """What row-level security sees, before and after a rolled-back savepoint."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(current_setting('steward.organisation', true), '')")
            return JsonResponse({"organisation": cursor.fetchone()[0]})

    def message(self, request: HttpRequest) -> HttpResponse:
        """Keep a message for the next page."""
        messages.success(request, "kept")
        return redirect("/test/messages")

    def messages(self, request: HttpRequest) -> HttpResponse:
        """Show what was kept."""
        return HttpResponse(",".join(str(message) for message in messages.get_messages(request)))

    def stream(self, request: HttpRequest) -> Any:
        """A reply in pieces."""
        return StreamingHttpResponse(iter([b"one ", b"two"]))

    def template(self, request: HttpRequest) -> HttpResponse:
        """A reply that is rendered after the view."""
        return TemplateResponse(request, "errors/page.html", {"title": "Rendered later", "status": 200})

    def broken_template(self, request: HttpRequest) -> HttpResponse:
        """A template that is not there, which is found only after the view."""
        return TemplateResponse(request, "no/such/template.html")

    def none(self, request: HttpRequest) -> Any:
        """The mistake of returning nothing, after a write."""
        _write()

    def cookies(self, request: HttpRequest) -> HttpResponse:
        """Two cookies."""
        reply = HttpResponse("cookies")
        reply.set_cookie("first", "1", httponly=True)
        reply.set_cookie("second", "2", samesite="Lax")
        return reply


class Refused(PageView):
    """Refuses everybody who is signed in."""

    access = SignedIn("A page of a test.")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Write, then refuse."""
        _write()
        raise Forbidden


class Endpoint(ApiView):
    """An endpoint that tells, crashes or reads a body."""

    access = Public("An endpoint of a test.")

    def get(self, request: Request, what: str) -> Response:
        """Crash, or tell the query."""
        if what == "crash":
            raise RuntimeError("planted")
        return Response({"what": what, "query": request.query_params.dict()}, headers={"X-Own": "kept"}, status=202)

    def post(self, request: Request, what: str) -> Response:
        """Tell the body."""
        return Response({"body": request.data})


urlpatterns = [
    path("test/refused", Refused.as_view()),
    path("test/<str:what>", Page.as_view()),
    path("api/v1/test/<str:what>", Endpoint.as_view()),
    *project,
]
