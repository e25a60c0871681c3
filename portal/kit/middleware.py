"""Two middlewares: the edge (ids, headers, counts, log line, context) and the request (one transaction, who is it, errors).

They stand on every request's way, so each does its work in one pass: `make bench` holds them to their share.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from random import getrandbits

from django.conf import settings
from django.contrib.messages.storage import default_storage
from django.contrib.messages.storage.base import BaseStorage, Message
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.http.request import split_domain_port, validate_host

from portal.kit import activity, clock, context, edge, errors, identity, limits, lines, logs, preferences, traffic
from portal.kit.mode import gate
from portal.kit.postgres.base import TransactionLater, Wall, ours
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
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # What a signed-in person sees, or an error, must not lie in a shared cache or come back after sign-out.
    "Cache-Control": "no-store",
}
# Probes answer when the database is away, so nothing may be opened for them; they name a host by its address.
PROBES = frozenset({"/health/live", "/health/ready", "/metrics"})
_given = re.compile(r"[A-Za-z0-9._-]{8,64}\Z").match


class EdgeMiddleware:
    """Outermost: gives every request its ids and context, every reply its headers, counts it and writes its access line.

    It does the work of Django's SecurityMiddleware too (redirect to https, HSTS, the static headers), which would pass
    over each reply a second time and misses those of an outer failure.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._headers = _stored(HEADERS)
        self._secure_headers = self._headers | _stored(_strict_transport())
        self._host_allowed = lru_cache(maxsize=256)(partial(_host_allowed, settings.ALLOWED_HOSTS))
        self._noted = settings.STEWARD_ACTIVITY
        self._redirect = settings.SECURE_SSL_REDIRECT
        self._redirect_exempt = [re.compile(pattern) for pattern in settings.SECURE_REDIRECT_EXEMPT]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        meta = request.META
        request_id: str = meta.get("HTTP_X_REQUEST_ID", "")
        if not _given(request_id):
            # Not a secret, so no system call (which would hand the interpreter to another thread).
            request_id = f"{getrandbits(128):032x}"
        correlation_id: str = meta.get("HTTP_X_CORRELATION_ID", "")
        if not _given(correlation_id):
            correlation_id = request_id
        token = context.enter(
            context.Context(
                request_id=request_id,
                correlation_id=correlation_id,
                address=edge.client_address(request),
                agent=meta.get("HTTP_USER_AGENT", "")[:300],
            )
        )
        try:
            secure = request.is_secure()
            response = self._refused(request, secure) or self.get_response(request)
            # Into the mapping itself: one merge in place of fourteen calls, each of which looks for line breaks again
            # in constants and in ids that have been matched. What the view has set stays.
            headers = response.headers
            headers._store = {
                **(self._secure_headers if secure else self._headers),
                **headers._store,
                "x-request-id": ("X-Request-ID", request_id),
                "x-correlation-id": ("X-Correlation-ID", correlation_id),
            }
            seconds = time.perf_counter() - started
            match = request.resolver_match
            traffic.count(request, response, seconds, secure=secure)
            if self._noted:
                activity.note(request, response, seconds)
            with lines.later:
                logs.access(
                    method=request.method or "",
                    path=request.path,
                    route=match.route if match else "",
                    status=response.status_code,
                    duration_ms=seconds * 1000,
                )
        finally:
            context.leave(token)
        return response

    def _refused(self, request: HttpRequest, secure: bool) -> HttpResponseBase | None:
        """The reply to a body that is too large, a wrong host, or plain http where https is demanded; None for all others."""
        path = request.path
        try:
            limits.refuse_oversized(request)
        except errors.TooLarge as error:
            return edge.respond(request, error)
        if path not in PROBES and not self._host_allowed(request.META.get("HTTP_HOST", "")):
            try:
                request.get_host()
            except DisallowedHost as error:
                return edge.respond(request, error)
        if self._redirect and not secure and not any(rule.search(path.lstrip("/")) for rule in self._redirect_exempt):
            return HttpResponsePermanentRedirect(f"https://{request.get_host()}{request.get_full_path()}")
        return None


class Messages:
    """Django's messages of one request; their storage is made when somebody reads or adds one."""

    __slots__ = ("_request", "storage")

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.storage: BaseStorage | None = None

    def _loaded(self) -> BaseStorage:
        if self.storage is None:
            self.storage = default_storage(self._request)
        return self.storage

    def __iter__(self) -> Iterator[Message]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    @property
    def level(self) -> int:
        """Lowest level that is kept."""
        return int(self._loaded().level)

    @level.setter
    def level(self, value: int) -> None:
        self._loaded().level = value

    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        """Keep a message for the next page that shows them."""
        self._loaded().add(level, message, extra_tags)


class RequestMiddleware:
    """Innermost: one transaction around the view, the identity in its one query, errors turned into replies.

    The transaction opens with the first statement after the identity; a view that asks nothing of the database costs
    it nothing. Django's messages are loaded when somebody reads or adds one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._cookie = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.identity = None  # type: ignore[attr-defined]
        request.user = None  # type: ignore[assignment]
        if request.path in PROBES:
            return self.get_response(request)
        request._messages = messages = Messages(request)  # type: ignore[attr-defined]
        later = ours().transaction_later()
        later.of_request = True
        request.transaction = later  # type: ignore[attr-defined]
        try:
            with later:
                response = self._answer(request, later)
        except (OperationalError, InterfaceError) as error:
            # The database went away, or the outcome of the commit is unknown: either way say so, never "done".
            return edge.respond(request, error)
        finally:
            preferences.take_off()
        if messages.storage is not None:
            messages.storage.update(response)
        _tell_end(request, response)
        denial = getattr(request, "denial", None)
        if denial is not None:
            _record_denial(request, denial)
        who = identity.of(request)
        if who is not None and who.kind == "key":
            identity.key_used(who, response.status_code)
        return response

    def _answer(self, request: HttpRequest, later: TransactionLater) -> HttpResponseBase:
        if _bears(request) or self._cookie in request.COOKIES:
            try:
                _sign_on(request, later)
            except errors.StewardError as error:
                failed(request, error)
                return edge.respond(request, error)
        who = identity.of(request)
        preferences.wear(who.preferences if who is not None else None, request.COOKIES)
        response = gate.held_up(request) or self.get_response(request)
        if response.status_code >= 500:
            # Also where no exception came by here (a view that returned nothing): what says "failed" leaves nothing.
            later.undo()
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> None:
        """Note that the person did something. A page that keeps itself fresh does not keep its session alive."""
        who = identity.of(request)
        if who is not None and not activity.by_itself(view, part="HTTP_HX_REQUEST" in request.META):
            identity.identity_seen(who)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A view raised: undo what it wrote, keep the denial for after the rollback, answer with a page or problem."""
        failed(request, exception)
        return edge.respond(request, exception)


def failed(request: HttpRequest, exception: Exception) -> None:
    """Mark the request's transaction for rollback, and remember a denial to be recorded after it."""
    later: TransactionLater | None = getattr(request, "transaction", None)
    if later is not None:
        later.undo()
    elif transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    error = edge.typed(exception)
    traffic.count_exception(request, exception)
    if isinstance(error, errors.Forbidden) and identity.of(request) is not None:
        request.denial = error  # type: ignore[attr-defined]


def _stored(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name.lower(): (name, value) for name, value in headers.items()}


def _strict_transport() -> dict[str, str]:
    if not settings.SECURE_HSTS_SECONDS:
        return {}
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
    return {"Strict-Transport-Security": f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{preload}"}


def _host_allowed(allowed: Sequence[str], host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _bears(request: HttpRequest) -> bool:
    """Whether a call of the API brings a key or an access token: that counts then, and no cookie.

    No browser sends one by itself, so that no other site can make it: the check of the CSRF token is not for it.
    """
    bears = "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith("/api/")
    if bears:
        request.csrf_processing_done = True  # type: ignore[attr-defined]  # Django's own mark
    return bears


def _sign_on(request: HttpRequest, later: TransactionLater) -> None:
    found = identity.identify(request)
    if found is None:
        return
    current = context.current()
    if current is not None:
        current.actor, current.session_id, current.through = found.actor, found.session_id, found.through
        current.second_factor_at = None if found.viewing else found.second_factor_at
        current.cache["organisation"] = found.organisation  # For links of whatever is shown inside it.
    later.wall = Wall(found.actor.organisation_id)
    if found.viewing:
        try:
            identity.view_admitted(identity=found)
        except errors.Unauthenticated:  # The request goes on as nobody's.
            later.wall = Wall(None)
            if current is not None:
                current.actor, current.session_id, current.through = context.ANONYMOUS, None, None
                current.second_factor_at = None
                current.cache.clear()
            return
    request.identity = found  # type: ignore[attr-defined]
    request.user = found.person


def _tell_end(request: HttpRequest, response: HttpResponseBase) -> None:
    """For the page's own script: in how many seconds the session of the browser ends unless somebody does something."""
    who = identity.of(request)
    if who is not None and who.kind == "browser" and who.expires_at is not None:
        left = max(0, int((who.expires_at - clock.now()).total_seconds()))
        response.headers._store["session-ends-in"] = ("Session-Ends-In", str(left))


def _record_denial(request: HttpRequest, error: errors.StewardError) -> None:
    """The rolled-back request took nothing with it: the evidence of its denial is a transaction of its own."""
    route = request.resolver_match.route if request.resolver_match else ""
    who = identity.of(request)
    try:
        with ours().transaction_later(Wall(who.actor.organisation_id if who else None)):
            record(
                "kit.access.denied",
                outcome="denied",
                reason=error.code,
                data={"method": request.method, "route": route},
            )
    except (OperationalError, InterfaceError) as failure:
        logs.spool("kit.access.denied", error.code, failure)
