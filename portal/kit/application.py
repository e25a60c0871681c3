"""The WSGI application of the web server: Django's, without what each request would pay for and never use."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, get_resolver
from django.utils.log import log_response

from portal.kit import logs

_NO_BODY = frozenset({204, 304})  # RFC 9110, 8.6: no length is told of a body that there cannot be.
ROUTES = 1024  # Addresses whose route is remembered, per process; ids in addresses share them with everything else.


class Application(WSGIHandler):
    """Remembers the routes of addresses, and looks after the one database connection itself.

    Routes may be remembered because none of them depends on the language or on anything else than its path.
    """

    def __init__(self) -> None:
        super().__init__()
        logs.batch()
        self._route: Callable[[str], ResolverMatch] = lru_cache(maxsize=ROUTES)(get_resolver().resolve)
        # These walk through all databases; there is one, and `__call__` looks after it.
        signals.request_started.disconnect(reset_queries)
        signals.request_started.disconnect(close_old_connections)
        signals.request_finished.disconnect(close_old_connections)
        # Only memcached's cache closes anything; and the next request sets its urlconf anyway.
        signals.request_finished.disconnect(close_caches)
        signals.request_finished.disconnect(reset_urlconf)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request; a connection that has failed before is replaced first.

        As in Django, but for the prefix of a mount point (we are served at the root) and for the headers: they are
        taken as they are stored, where Django looks every one up again.
        """
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        signals.request_started.send(sender=Application, environ=environ)
        request = self.request_class(environ)
        response: Any = self.get_response(request)
        response._handler_class = Application
        whole = not response.streaming
        if whole and response.status_code not in _NO_BODY:
            response.headers._store.setdefault("content-length", ("Content-Length", str(len(response.content))))
        headers = list(response.headers._store.values())
        headers += [("Set-Cookie", cookie.output(header="").strip()) for cookie in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        if whole:
            # One piece of known length: the server need not come back for more, nor for closing.
            response.close()
            return [response.content]
        wrap = environ.get("wsgi.file_wrapper")
        stream = getattr(response, "file_to_stream", None)
        if wrap is None or stream is None:
            return response
        # The server closes the stream, not the response, which has more to close.
        stream.close = response.close
        return wrap(stream, response.block_size)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The reply of the middlewares. As in Django, but for a urlconf per thread: there is one."""
        chain: Callable[[HttpRequest], Any] = self._middleware_chain  # type: ignore[attr-defined]
        response = chain(request)
        response._resource_closers.append(request.close)
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response  # type: ignore[no-any-return]

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The route of the request's address."""
        match = self._route(request.path_info)
        request.resolver_match = match
        return match

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The reply of the view. As in Django, but for what each request asks there: whether the view is a coroutine
        (none is) and wants a transaction (`RequestMiddleware` has it). A template response is rendered here: no
        middleware of ours looks at it before.
        """
        view, args, kwargs = self.resolve_request(request)
        for look in self._view_middleware:  # type: ignore[attr-defined]
            response = look(request, view, args, kwargs)
            if response:
                return response  # type: ignore[no-any-return]
        try:
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response = response.render()
        except Exception as error:
            response = self.process_exception_by_middleware(error, request)
            if response is None:
                raise
        if response is None:
            # It raises, with the name of the view.
            self.check_response(response, view)  # type: ignore[arg-type]
        return response  # type: ignore[no-any-return]
