"""Entity tags: a reader learns that nothing has changed, a writer that somebody else was faster.

A tag is a weak one (RFC 9110, 8.8.1): it stands for what a body says, except for fields that the endpoint declares
volatile (when a person was last seen), which would otherwise refuse every second change. If-Match compares it weakly,
against the letter of 13.1.1: a proxy that compresses makes strong tags weak anyway, and the content is the same.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from typing import Any, TypeVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.kit import errors
from portal.kit.rest import render

M = TypeVar("M", bound=models.Model)


class PreconditionFailed(errors.StewardError):
    """If-Match names another state than the present one."""

    code = "kit.precondition_failed"
    status = 412
    title = _("Somebody changed this meanwhile")
    default_detail = _("Read it again, look at what is different, and send your change with its new ETag.")


def tag_of(body: Mapping[str, Any], volatile: Collection[str] = ()) -> str:
    """The weak entity tag of a body."""
    steady = {name: value for name, value in body.items() if name not in volatile} if volatile else body
    return f'W/"{blake2b(render(steady), digest_size=12).hexdigest()}"'


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether If-None-Match says that the client has just this."""
    return _names(request.META.get("HTTP_IF_NONE_MATCH", ""), tag)


def matches(request: HttpRequest, tag: str) -> bool:
    """Whether If-Match, where it is sent, names this tag."""
    wanted = request.META.get("HTTP_IF_MATCH")
    return wanted is None or _names(wanted, tag)


def _names(header: str, tag: str) -> bool:
    wanted = tag.removeprefix("W/")
    return any(one in {"*", wanted} for one in (part.strip().removeprefix("W/") for part in header.split(",")))


def unchanged(
    request: HttpRequest, row: M, describe: Callable[[M], Mapping[str, Any]], volatile: Collection[str] = ()
) -> M:
    """Hold `row` until the request ends and compare it with If-Match; `PreconditionFailed` when it is another.

    Without the header the row as it was given. Locked before it is read again: of two writers with the same tag, the
    second finds what the first has written.
    """
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is None:
        return row
    model: Any = row._meta.model  # Not the type of the object: the person of a request is a lazy one.
    held: M | None = model._base_manager.select_for_update().filter(pk=row.pk).first()
    if held is None or not _names(wanted, tag_of(describe(held), volatile)):
        raise PreconditionFailed
    return held
