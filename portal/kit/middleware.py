"""Two middlewares: the edge (ids, headers, log line, context) and the request (one transaction, who is it, errors)."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponseBase

from portal.kit import context, edge, errors, identity, logs
from portal.kit.record import record

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
    # Django's SecurityMiddleware sets these too, but not on what its own redirect or an outer failure answers.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Probes answer when the database is away, so nothing may be opened for them.
PROBES = frozenset({"/health/live", "/health/ready", "/metrics"})
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class EdgeMiddleware:
    """Outermost: gives every request its ids and context, every reply its headers, and writes one access line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = _given(request.META.get("HTTP_X_REQUEST_ID")) or uuid4().hex
        current = context.Context(
            request_id=request_id,
            correlation_id=_given(request.META.get("HTTP_X_CORRELATION_ID")) or request_id,
            address=edge.client_address(request),
            agent=request.META.get("HTTP_USER_AGENT", "")[:300],
        )
        with context.use(current):
            response = self._answer(request)
            headers = response.headers
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = request_id
            headers["X-Correlation-ID"] = current.correlation_id
            # What a signed-in person sees, or an error, must not lie in a shared cache or come back after sign-out.
            if "Cache-Control" not in headers:
                headers["Cache-Control"] = "no-store"
            match = request.resolver_match
            logs.access(
                method=request.method or "",
                path=request.path,
                route=match.route if match else "",
                status=response.status_code,
                duration_ms=(time.perf_counter() - started) * 1000,
            )
        return response


    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Django looks at the Host header only when somebody asks for it: a page must not answer under a foreign name.
        # Probes come by address.
        if request.path not in PROBES:
            try:
                request.get_host()
            except DisallowedHost as error:
                return edge.respond(request, error)
        return self.get_response(request)


class RequestMiddleware:
    """Innermost: one transaction around the view, the identity loaded in its first query, errors turned into replies."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.identity = None  # type: ignore[attr-defined]
        request.user = None  # type: ignore[assignment]
        if request.path in PROBES:
            return self.get_response(request)
        try:
            with transaction.atomic():
                if settings.SESSION_COOKIE_NAME in request.COOKIES:
                    _sign_on(request)
                response = self.get_response(request)
        except OperationalError as error:
            # The database went away, or the outcome of the commit is unknown: either way say so, never "done".
            return edge.respond(request, error)
        denial = getattr(request, "denial", None)
        if denial is not None:
            _record_denial(request, denial)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A view raised: undo what it wrote, keep the denial for after the rollback, answer with a page or problem."""
        failed(request, exception)
        return edge.respond(request, exception)


def failed(request: HttpRequest, exception: Exception) -> None:
    """Mark the request's transaction for rollback, and remember a denial to be recorded after it."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    error = edge.typed(exception)
    if isinstance(error, errors.Forbidden) and identity.of(request) is not None:
        request.denial = error  # type: ignore[attr-defined]


def _given(value: str | None) -> str | None:
    return value if value and _ID.match(value) else None


def _sign_on(request: HttpRequest) -> None:
    found = identity.identify(request)
    if found is None:
        return
    current = context.current()
    if current is not None:
        current.actor, current.session_id = found.actor, found.session_id
    request.identity = found  # type: ignore[attr-defined]
    request.user = found.person
    identity.identity_seen(found)


def _record_denial(request: HttpRequest, error: errors.StewardError) -> None:
    """The rolled-back request took nothing with it: the evidence of its denial is a transaction of its own."""
    route = request.resolver_match.route if request.resolver_match else ""
    try:
        with transaction.atomic():
            record(
                "kit.access.denied",
                outcome="denied",
                reason=error.code,
                data={"method": request.method, "route": route},
            )
    except OperationalError as failure:
        logs.spool("kit.access.denied", error.code, failure)
