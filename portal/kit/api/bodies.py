"""Bodies of requests and replies: what they must hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import errors
from portal.kit.rest import BodyMalformed


class Reply(serializers.Serializer[Any]):
    """What an endpoint answers, described by REST framework's fields; plain functions make it, since they cost less.

    A subclass gives an `example`, which must fit its fields.
    """

    example: ClassVar[Mapping[str, Any]] = {}


class Body(serializers.Serializer[Any]):
    """What a request sends: an object with these fields and no others. A subclass gives an `example`.

    Declared by REST framework's fields, which check it and describe it in the OpenAPI document.
    """

    example: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def read(cls, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The checked values; `BodyMalformed` when there is no object, `Invalid` naming every field that is wrong.

        A field that nobody declared is refused, not dropped: who sends `is_root` shall learn that it does nothing.
        """
        sent = request.data
        if not isinstance(sent, dict):
            raise BodyMalformed(_("Send a JSON object."))
        body = cls(data=sent, partial=partial)
        wrong = {name: [_("There is no such field here.")] for name in sorted(sent.keys() - body.fields.keys())}
        if not body.is_valid():
            wrong |= _flat(body.errors)
        if wrong:
            raise errors.Invalid(fields=wrong)
        return dict(body.validated_data)


def _flat(found: Any, prefix: str = "") -> dict[str, list[str]]:
    """REST framework's errors by the path of their field: `items.3.name`."""
    if isinstance(found, list) and not any(isinstance(one, dict | list) for one in found):
        return {prefix: [str(one) for one in found]}
    parts: dict[str, list[str]] = {}
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    for name, below in pairs:
        path = prefix if name == "non_field_errors" else f"{prefix}.{name}" if prefix else str(name)
        parts |= _flat(below if isinstance(below, dict | list) else [below], path)
    return {name: texts for name, texts in parts.items() if texts}
