"""The WSGI application of the web server: Django's, without what each request would pay for and never use."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver

ROUTES = 1024  # Addresses whose route is remembered, per process; ids in addresses share them with everything else.


class Application(WSGIHandler):
    """Remembers the routes of addresses, and looks after the one database connection itself.

    Routes may be remembered because none of them depends on the language or on anything else than its path.
    """

    def __init__(self) -> None:
        super().__init__()
        self._route: Callable[[str], ResolverMatch] = lru_cache(maxsize=ROUTES)(get_resolver().resolve)
        # These walk through all databases; there is one, and `__call__` looks after it.
        signals.request_started.disconnect(reset_queries)
        signals.request_started.disconnect(close_old_connections)
        signals.request_finished.disconnect(close_old_connections)
        # Only memcached's cache closes anything; and the next request sets its urlconf anyway.
        signals.request_finished.disconnect(close_caches)
        signals.request_finished.disconnect(reset_urlconf)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request; a connection that has failed before is replaced first."""
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        return super().__call__(environ, start_response)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The route of the request's address."""
        match = self._route(request.path_info)
        request.resolver_match = match
        return match

    def make_view_atomic(self, view: Any) -> Any:
        """The view itself: `RequestMiddleware` has the transaction."""
        return view
