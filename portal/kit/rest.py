"""What REST framework's settings name: renderer, parser and the refusal of undeclared views.

Apart from `kit.api`, because REST framework loads these while its view class, on which `kit.api` builds, is made.
"""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from portal.kit import errors

DEPTH = 64  # Containers in one another; nothing that the API takes has more than a few.


class BodyMalformed(errors.BadRequest):
    """The body is not JSON as RFC 8259 has it, or means different things to different readers."""

    code = "kit.body_malformed"
    title = gettext_lazy("The body cannot be read")
    default_detail = gettext_lazy("Send one JSON value, in UTF-8.")


class NotJson(errors.StewardError):
    """A body of another type than JSON."""

    code = "kit.not_json"
    status = 415
    title = gettext_lazy("This address takes JSON only")
    default_detail = gettext_lazy("Send the body as JSON, with the header Content-Type: application/json.")


class JSONRenderer(BaseRenderer):
    """JSON, UTF-8; datetimes RFC 3339 in UTC with Z, UUIDs as strings."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes of `data`."""
        return render(data)


def render(data: Any) -> bytes:
    """The bytes of `data` as every reply of the API has them; None is an empty body."""
    return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z)


class JSONParser(BaseParser):
    """Bodies of requests, by `loads`."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value; `NotJson` in another character set, `BodyMalformed` when it is no JSON."""
        charset = (media_type or "").lower().partition("charset=")[2].strip(' "')
        if charset not in {"", "utf-8", "utf8"}:
            raise NotJson(_("Send the body in UTF-8."))
        return loads(stream.read())


def loads(raw: bytes) -> Any:
    """The value of a JSON text, or `BodyMalformed`.

    Beside what is no JSON (NaN, infinite numbers, lone surrogates, bytes that are not UTF-8), refused are what readers
    disagree about (a name twice in one object), what the database cannot keep (the character NUL) and nesting deeper
    than `DEPTH`.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyMalformed(_("The body is not JSON: %(why)s.") % {"why": error}) from error
    _look_through(value, nul=b"\\u0000" in raw)
    if raw.count(b":") > 1:
        json.loads(raw, object_pairs_hook=_once)
    return value


def _look_through(value: Any, *, nul: bool) -> None:
    """Level by level, since a function that calls itself could be made to run out of stack."""
    level, depth = [value], 0
    while level:
        if nul and any(isinstance(item, str) and "\0" in item for item in level):
            raise BodyMalformed(_("A text holds the character NUL. Leave it out."))
        depth += 1
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
                if nul:
                    below += item
            elif isinstance(item, list):
                below += item
        if depth > DEPTH and below:
            raise BodyMalformed(_("The body is nested deeper than %(most)s levels.") % {"most": DEPTH})
        level = below


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BodyMalformed(_("An object has the same name twice. Send each name once."))
    return found


class Undeclared(BasePermission):
    """The default for a view that is not an `ApiView`: nobody may."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Never."""
        return False
