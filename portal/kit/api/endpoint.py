"""What one method of an endpoint demands, takes and answers: declared at its handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any, TypeVar

from django.utils.http import http_date

from portal.kit.access import Access
from portal.kit.api.bodies import Body, Reply
from portal.kit.api.parameters import LISTED, Parameter
from portal.kit.errors import StewardError
from portal.kit.limits import Limit

F = TypeVar("F", bound=Callable[..., Any])
UNSAFE = frozenset({"post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Deprecated:
    """An endpoint that will go: since when it is not to be used, when it goes, and what to call instead."""

    since: date
    sunset: date
    instead: str

    @cached_property
    def headers(self) -> dict[str, str]:
        """Deprecation (RFC 9745), Sunset (RFC 8594) and a link to the successor."""
        return {
            "Deprecation": f"@{_seconds(self.since)}",
            "Sunset": http_date(_seconds(self.sunset)),
            "Link": f'<{self.instead}>; rel="successor-version"',
        }


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time.min, UTC).timestamp())


@dataclass(frozen=True)
class Endpoint:
    """The declaration of one handler; see `endpoint`."""

    access: Access | None = None
    query: tuple[Parameter, ...] | None = None
    body: type[Body] | None = None
    partial: bool = False
    reply: type[Reply] | None = None
    items: type[Reply] | None = None
    file: str = ""
    status: int = 200
    errors: tuple[type[StewardError], ...] = ()
    etag: bool = False
    idempotent: bool = True
    limit: Limit | None = None
    step_up: bool = False
    deprecated: Deprecated | None = None
    tag: str = ""
    service: str = ""
    declared: bool = True
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """The permission that a key's scopes are cut with; empty where any caller may."""
        return self.service or (self.access if isinstance(self.access, str) else "")


def endpoint(
    *,
    access: Access | None = None,
    query: tuple[Parameter, ...] = (),
    body: type[Body] | None = None,
    partial: bool = False,
    reply: type[Reply] | None = None,
    items: type[Reply] | None = None,
    file: str = "",
    status: int = 200,
    errors: tuple[type[StewardError], ...] = (),
    etag: bool = False,
    idempotent: bool = True,
    limit: Limit | None = None,
    step_up: bool = False,
    deprecated: Deprecated | None = None,
    tag: str = "",
    service: str = "",
) -> Callable[[F], F]:
    """Declare a handler of an `ApiView`.

    `access`: who may, where it is not what the class says; `service`: the right that the service asks, where the gate
    lets more callers in. `query`: parameters; those of a list come by themselves. `body`: what it takes, found in
    `self.sent`; `partial`: any of its fields may be absent. `reply`: what it answers, or `items`: a list of that, or
    `file`: the media type of what is downloaded, or several with commas; all only describe. `errors`: typed errors
    beside those that any call may meet. `step_up`: a session must have been confirmed within ten minutes. `etag`: it
    answers `self.single`, or changes what that shows. `idempotent=False`: an Idempotency-Key is not kept.
    """
    taken = (*LISTED, *query) if items is not None else query
    made = Endpoint(
        access=access,
        query=taken,
        body=body,
        partial=partial,
        reply=reply,
        items=items,
        file=file,
        status=status,
        errors=errors,
        etag=etag,
        idempotent=idempotent,
        limit=limit,
        step_up=step_up,
        deprecated=deprecated,
        tag=tag,
        service=service,
        parameters={parameter.name: parameter for parameter in taken},
    )

    def mark(handler: F) -> F:
        handler.endpoint = made  # type: ignore[attr-defined]
        return handler

    return mark
