"""The edge: where the client is, and how an error becomes a page or problem+json. Errors never leak."""

import logging
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import orjson
import sentry_sdk
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.http import urlencode

from portal.kit import context, errors, ids, limits, metrics

log = logging.getLogger("steward.edge")


def client_address(request: HttpRequest) -> str | None:
    """The client's address: REMOTE_ADDR, or with STEWARD_TRUSTED_PROXIES the entry so many from the right of X-Forwarded-For.

    Entries further left are the client's own words and are never believed. None when nothing there is an address.
    """
    candidate = str(request.META.get("REMOTE_ADDR", ""))
    if settings.STEWARD_TRUSTED_PROXIES:
        hops = [hop.strip() for hop in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
        if len(hops) >= settings.STEWARD_TRUSTED_PROXIES:
            candidate = hops[-settings.STEWARD_TRUSTED_PROXIES]
    return _address(candidate)


@lru_cache(maxsize=4096)
def _address(candidate: str) -> str | None:
    try:
        return str(ip_address(candidate.strip("[]").partition("%")[0]))
    except ValueError:
        return None


def is_api(request: HttpRequest) -> bool:
    """Whether the caller is a client that reads problem+json."""
    return request.path.startswith("/api/")


def typed(error: BaseException) -> errors.StewardError:
    """The typed error that stands for any exception; what is unknown becomes the general one, without its words."""
    if isinstance(error, errors.StewardError):
        return error
    if isinstance(error, Http404):
        return errors.NotFound()
    if isinstance(error, PermissionDenied):
        return errors.Forbidden()
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return errors.TooLarge()
    if isinstance(error, BadRequest | SuspiciousOperation | UnreadablePostError | UnicodeError):
        return errors.BadRequest()
    if isinstance(error, OperationalError | InterfaceError):
        return errors.Unavailable()
    return errors.StewardError()


def respond(request: HttpRequest, raised: BaseException) -> HttpResponseBase:
    """The reply to an exception: a redirect to sign-in, a page, or problem+json; logged with an error id."""
    error = typed(raised)
    error_id = _log(request, raised, error)
    if is_api(request):
        return problem(error, error_id)
    if isinstance(error, errors.Unauthenticated):
        return to_sign_in(request)
    page = HttpResponse(_error_page(error, error_id), status=error.status)
    page["X-Error-Id"] = error_id
    if isinstance(error, errors.TooMany):
        limits.tell(request, page)
    return page


def _error_page(error: errors.StewardError, error_id: str) -> str:
    values = {
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "error_id": error_id,
        "request_id": _request_id(),
        "action_url": "/",
        "action_label": None,
    }
    try:
        return render_to_string("errors/page.html", values)
    except Exception:
        log.exception("The error page could not be rendered")
        return str(
            format_html(
                "<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}</p><p>{2}</p>", error.title, error.detail, error_id
            )
        )


def problem(error: errors.StewardError, error_id: str) -> HttpResponse:
    """RFC 9457 problem+json of a typed error."""
    body = {
        "type": f"/docs/errors#{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.detail),
        "code": error.code,
        "error_id": error_id,
        "errors": [{"field": name, "detail": text} for name, texts in error.fields.items() for text in texts],
    }
    reply = HttpResponse(orjson.dumps(body), status=error.status, content_type="application/problem+json")
    if error.status == 401:
        reply["WWW-Authenticate"] = 'Bearer realm="steward"'
    return reply


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in, with the present page as `next`; a fragment request makes the whole page go there."""
    where = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
    target = settings.LOGIN_URL if where == "/" else f"{settings.LOGIN_URL}?{urlencode({'next': where})}"
    if request.headers.get("HX-Request"):
        reply = HttpResponse(status=401)
        reply["HX-Redirect"] = settings.LOGIN_URL
        return reply
    return redirect(target)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's CSRF failure view."""
    return respond(request, errors.StaleForm())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler404`: no route."""
    return respond(request, errors.NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler400`: a request that Django itself refuses."""
    return respond(request, exception if isinstance(exception, DisallowedHost) else errors.BadRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler403`."""
    return respond(request, errors.Forbidden())


def server_error(request: HttpRequest) -> HttpResponseBase:
    """`handler500`: what escaped everything else (already logged by Django)."""
    return respond(request, errors.StewardError())


def _request_id() -> str:
    current = context.current()
    return current.request_id if current else ""


def _log(request: HttpRequest, raised: BaseException, error: errors.StewardError) -> str:
    error_id = ids.uuid7().hex[:20]
    metrics.count_error(error.code)
    # The path of a link may be a secret (reset, invitation); its route never is.
    where = request.resolver_match.route if request.resolver_match else request.path
    extra: dict[str, Any] = {"error_id": error_id, "code": error.code, "status": error.status}
    if error.status >= 500:
        log.error("%s %s failed", request.method, where, extra=extra, exc_info=raised)
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("error_id", error_id)
            sentry_sdk.capture_exception(raised)
    else:
        log.info("%s %s refused", request.method, where, extra=extra)
    return error_id
