"""The base class of every endpoint, and the one way from a request to its reply."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, ParseError, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.kit import access, conditions, edge, errors, identity, limits, requests
from portal.kit.api import parameters
from portal.kit.api.endpoint import UNSAFE, Endpoint
from portal.kit.context import Actor
from portal.kit.middleware import failed
from portal.kit.rest import NotJson, render

M = TypeVar("M", bound=models.Model)
_NEGOTIATOR = DefaultContentNegotiation()  # Chooses the parser of a body.
_UNDECLARED = Endpoint(declared=False)


class Gate(BasePermission):
    """The kit's gate in DRF's place for permissions; `ApiView` goes through the same one itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or a typed error."""
        access.gate(request._request, view.access, somewhere=view.somewhere)
        return True


class ApiView(APIView):
    """An endpoint. A subclass declares its `access`, or the project does not start; its handlers what they take.

    REST framework reads bodies and describes the endpoint; the way to the handler is ours, since there is nothing to
    negotiate: authentication is done, the gate is one, and every reply is JSON. A handler finds its parameters in
    `self.asked` and its body in `self.sent`.
    """

    access: ClassVar[access.Access]
    somewhere: ClassVar[bool] = False  # As in `PageView`.
    gated: ClassVar[bool] = (
        False  # The gate asks all that there is; a `service` that its handlers name is another realm's.
    )
    # Of the installation alone: whoever stands in an organisation is told so before anything that was sent is read.
    platform: ClassVar[bool] = False
    limit: ClassVar[limits.Limit] = limits.API
    volatile: ClassVar[Collection[str]] = ()
    endpoints: ClassVar[Mapping[str, Endpoint]]
    permission_classes = [Gate]
    authentication_classes = []
    asked: dict[str, Any]
    sent: dict[str, Any]
    _parsers: ClassVar[list[BaseParser]]  # They keep nothing between bodies.

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not abstract:
            access.check_declaration(cls)
        cls._parsers = [parser() for parser in cls.parser_classes]
        found: dict[str, Endpoint] = {}
        for method in ("get", *sorted(UNSAFE)):
            handler = getattr(cls, method, None)
            if handler is not None:
                found[method] = _of(cls, handler, abstract)
        if "get" in found:
            found["head"] = found["get"]
        cls.endpoints = found

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """DRF exempts its views from CSRF; ours are signed in by cookie, so what it wraps them in is taken off."""
        view: Any = super().as_view(**initkwargs)
        return view.__wrapped__

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Limit, gate, handler, JSON; any exception of the handler becomes problem+json."""
        self.headers = {}
        self.format_kwarg = None
        self.request = asked = Request(request, parsers=self._parsers, negotiator=_NEGOTIATOR)
        method = (request.method or "").lower()
        declared = self.endpoints.get(method, _UNDECLARED)
        try:
            limits.refuse_oversized(request)
            limits.spend(request, declared.limit or self.limit)
            right = declared.access or self.access
            access.gate(request, right, step_up=declared.step_up, somewhere=self.somewhere)
            if self.platform and self.actor.organisation_id is not None:
                raise errors.NotFound
            handler = getattr(self, method, None) if method in self.http_method_names else None
            if handler is None:
                raise errors.MethodNotAllowed
            reply = self._answer(declared, method, lambda: handler(asked, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 - what is unknown becomes a 500 with its error id in the log
            return problem(error, {"request": asked})
        limits.tell(request, reply)
        if declared.deprecated is not None:
            for name, value in declared.deprecated.headers.items():
                reply.headers[name] = value
        return reply

    def _answer(self, declared: Endpoint, method: str, handler: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        request: HttpRequest = self.request._request
        if declared.query is not None:
            self.asked = parameters.parse(request.GET, declared.parameters)

        def call() -> HttpResponseBase:
            if declared.body is not None:
                self.sent = declared.body.read(self.request, partial=declared.partial)
            return _rendered(handler())

        if method not in UNSAFE or not declared.idempotent:
            return call()
        return requests.once(request, call)

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return access.actor_of(self.request._request)

    @property
    def who(self) -> identity.Identity:
        """The session or key behind the call."""
        found = identity.of(self.request._request)
        if found is None:
            raise errors.Unauthenticated
        return found

    def single(self, body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        """One resource with its entity tag; 304 when the client has just this."""
        tag = conditions.tag_of(body, self.volatile)
        request: HttpRequest = self.request._request
        if request.method in {"GET", "HEAD"} and conditions.is_known(request, tag):
            reply = HttpResponse(status=304)
        else:
            reply = json(body, status=status)
        reply.headers["ETag"] = tag
        return reply

    def listed(self, items: Iterable[object], following: object) -> HttpResponse:
        """A page of a list; `following` is the cursor of the next one, None at the end."""
        return json({"items": list(items), "next_cursor": str(following) if following else None})

    def unchanged(self, row: M, describe: Callable[[M], Mapping[str, Any]]) -> M:
        """`row`, held until the call ends, or `PreconditionFailed` when If-Match names another state of it."""
        return conditions.unchanged(self.request._request, row, describe, self.volatile)


def _of(cls: type[ApiView], handler: Any, abstract: bool) -> Endpoint:
    declared: Endpoint = getattr(handler, "endpoint", _UNDECLARED)
    if cls.gated and declared.service:
        declared = replace(declared, service="")
    if declared.access is None:
        return declared if abstract else replace(declared, access=cls.access)
    access.check_declaration(type(cls.__name__, (), {"access": declared.access, "__module__": cls.__module__}))
    return declared


def json(data: Any, *, status: int = 200) -> HttpResponse:
    """`data` as the reply of an endpoint, a third of the price of REST framework's `Response`."""
    return HttpResponse(render(data), status=status, content_type="application/json")


def _rendered(reply: HttpResponseBase) -> HttpResponseBase:
    if isinstance(reply, Response):
        # It counts as rendered then; Django would send it through the machinery of templates.
        reply.content = render(reply.data)
        reply.headers["Content-Type"] = "application/json"
    return reply


def problem(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """DRF's exception handler: roll back and answer with problem+json."""
    request: HttpRequest = context["request"]._request
    translated = _translated(error)
    failed(request, translated)
    reply = edge.respond(request, translated)
    limits.tell(request, reply)
    return reply


def _translated(error: Exception) -> Exception:
    if isinstance(error, MethodNotAllowed):
        return errors.MethodNotAllowed()
    if isinstance(error, UnsupportedMediaType):
        return NotJson()
    if isinstance(error, ParseError | NotAcceptable):
        return errors.BadRequest(str(error.detail))
    if isinstance(error, APIException):
        return errors.BadRequest()
    return error
