"""Error reports to Sentry, cleaned of everything that could be a secret. Without a DSN nothing is initialised.

What is not collected cannot leak: no request bodies, cookies, local variables or personal data. What is collected is
cleaned once more before it leaves.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.transport import Transport

from portal.kit import context, scrub

if TYPE_CHECKING:
    from sentry_sdk._types import Breadcrumb, Event, Hint

# Headers that help to follow a case; all others are dropped.
KEPT_HEADERS = frozenset({"accept", "accept-language", "content-length", "content-type", "host", "user-agent"})
DROPPED_IN_REQUEST = ("cookies", "data", "env", "query_string", "fragment")
# These say it with an error id, or a second time.
QUIET_LOGGERS = ("steward.edge", "django.request", "django.security.DisallowedHost", "steward.access")


def configure(dsn: str, environment: str, release: str, *, transport: Transport | None = None) -> bool:
    """Initialise Sentry for this process; False, and nothing done, without a DSN. `transport` replaces the network."""
    if not dsn:
        return False
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"steward@{release}",
        transport=transport,
        # send_default_pii is False by default, and naming it is deprecated.
        include_local_variables=False,
        max_request_body_size="never",
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(transaction_style="url", middleware_spans=False), CeleryIntegration()],
        # Arguments of commands may be anything that an administrator typed.
        disabled_integrations=[ArgvIntegration()],
        before_send=before_send,
        before_breadcrumb=before_breadcrumb,
        traces_sample_rate=None,
        propagate_traces=False,
        auto_session_tracking=False,
        max_value_length=2_000,
    )
    for name in QUIET_LOGGERS:
        ignore_logger(name)
    return True


def before_send(event: "Event", hint: "Hint") -> "Event | None":
    """The event as it may leave: tagged with the request, without request data, every text cleaned.

    An event that cannot be cleaned is not sent.
    """
    known = scrub.secrets_of(settings) | scrub.collect(event) | scrub.held_by((hint.get("exc_info") or (None, None))[1])
    _tag(event)
    for frame in _frames(event):
        frame.pop("vars", None)
    request = event.get("request")
    if isinstance(request, dict):
        _strip_request(request)
    user = event.get("user")
    if isinstance(user, dict):
        event["user"] = {"id": user["id"]} if "id" in user else {}
    # The whole event goes through, deeper than any log line: nothing of it is exempt by its place.
    cleaned = scrub.clean(event, known=known, depth=24)
    return cleaned if isinstance(cleaned, dict) else None  # type: ignore[return-value]


def before_breadcrumb(crumb: "Breadcrumb", hint: "Hint") -> "Breadcrumb | None":
    """The breadcrumb as it may be kept: cleaned, and SQL without its values."""
    cleaned = scrub.clean(crumb)
    data = cleaned.get("data") if isinstance(cleaned, dict) else None
    if isinstance(data, dict):
        for name in ("db.params", "http.query", "http.fragment", "body"):
            data.pop(name, None)
        if isinstance(data.get("url"), str):
            data["url"] = scrub.url(data["url"])
    return cleaned if isinstance(cleaned, dict) else None


def _tag(event: "Event") -> None:
    current = context.current()
    if current is None:
        return
    tags: Any = event.setdefault("tags", {})
    tags["source"] = current.source
    if current.request_id:
        tags["request_id"], tags["correlation_id"] = current.request_id, current.correlation_id
    if current.actor.id is not None:
        event["user"] = {"id": str(current.actor.id)}
    if current.actor.organisation_id is not None:
        tags["organisation_id"] = str(current.actor.organisation_id)


def _frames(event: "Event") -> Iterator[dict[str, Any]]:
    for part in ("exception", "threads"):
        section: Any = event.get(part)
        values = section.get("values") if isinstance(section, dict) else section
        for value in values or []:
            stack = value.get("stacktrace") if isinstance(value, dict) else None
            yield from (stack or {}).get("frames") or []
    top: Any = event.get("stacktrace")
    yield from (top or {}).get("frames") or []


def _strip_request(request: dict[str, Any]) -> None:
    for name in DROPPED_IN_REQUEST:
        request.pop(name, None)
    if isinstance(request.get("url"), str):
        request["url"] = scrub.url(request["url"])
    headers = request.get("headers")
    if isinstance(headers, dict):
        request["headers"] = {name: value for name, value in headers.items() if str(name).lower() in KEPT_HEADERS}
    else:
        request.pop("headers", None)
