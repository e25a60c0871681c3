"""Base of the API under /api/v1: the same gate, JSON by orjson, problem+json for every error."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, ParseError, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.kit import access, edge, errors
from portal.kit.middleware import failed
from portal.kit.rest import render

_NEGOTIATOR = DefaultContentNegotiation()  # Chooses the parser of a body.


class Gate(BasePermission):
    """The kit's gate in DRF's place for permissions; `ApiView` goes through the same one itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or a typed error."""
        access.gate(request._request, view.access)
        return True


class ApiView(APIView):
    """An endpoint. A subclass declares its `access`, or the project does not start.

    REST framework reads bodies and query and describes the endpoint; the way to the handler is ours, since there is
    nothing to negotiate: authentication is done, the gate is one, and every reply is JSON.
    """

    access: ClassVar[access.Access]
    permission_classes = [Gate]
    authentication_classes = []
    _parsers: ClassVar[list[BaseParser]]  # They keep nothing between bodies.

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not abstract:
            access.check_declaration(cls)
        cls._parsers = [parser() for parser in cls.parser_classes]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """DRF exempts its views from CSRF; ours are signed in by cookie, so what it wraps them in is taken off."""
        view: Any = super().as_view(**initkwargs)
        return view.__wrapped__

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Gate, handler, JSON; any exception of the handler becomes problem+json."""
        self.headers = {}
        self.format_kwarg = None
        self.request = asked = Request(request, parsers=self._parsers, negotiator=_NEGOTIATOR)
        try:
            access.gate(request, self.access)
            method = (request.method or "").lower()
            handler = getattr(self, method, None) if method in self.http_method_names else None
            if handler is None:
                raise errors.MethodNotAllowed
            reply: HttpResponseBase = handler(asked, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - what is unknown becomes a 500 with its error id in the log
            return problem(error, {"request": asked})
        if isinstance(reply, Response):
            # It counts as rendered then; Django would send it through the machinery of templates.
            reply.content = render(reply.data)
            reply.headers["Content-Type"] = "application/json"
        return reply


def json(data: Any, *, status: int = 200) -> HttpResponse:
    """`data` as the reply of an endpoint, a third of the price of REST framework's `Response`."""
    return HttpResponse(render(data), status=status, content_type="application/json")


def problem(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """DRF's exception handler: roll back and answer with problem+json."""
    request: HttpRequest = context["request"]._request
    translated = _translated(error)
    failed(request, translated)
    return edge.respond(request, translated)


def _translated(error: Exception) -> Exception:
    if isinstance(error, MethodNotAllowed):
        return errors.MethodNotAllowed()
    if isinstance(error, ParseError | UnsupportedMediaType | NotAcceptable):
        return errors.BadRequest(str(error.detail))
    if isinstance(error, APIException):
        return errors.BadRequest()
    return error
