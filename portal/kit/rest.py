"""What REST framework's settings name: renderer, parser and the refusal of undeclared views.

Apart from `kit.api`, because REST framework loads these while its view class, on which `kit.api` builds, is made.
"""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from portal.kit import errors


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
    """JSON by orjson: refuses NaN, lone surrogates and nesting deeper than its own limit."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value, or a 400."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise errors.BadRequest(f"The body is not JSON: {error}.") from error


class Undeclared(BasePermission):
    """The default for a view that is not an `ApiView`: nobody may."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Never."""
        return False
