"""The OpenAPI document of /api/v1, made by drf-spectacular from what the handlers declare (`portal.kit.api.endpoint`)."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from portal.kit import errors, rest
from portal.kit.access import Public
from portal.kit.api.bodies import Reply
from portal.kit.api.endpoint import UNSAFE, Endpoint
from portal.kit.api.parameters import Parameter, ParameterMalformed
from portal.kit.api.view import ApiView
from portal.kit.conditions import PreconditionFailed
from portal.kit.requests import IdempotencyConflict, InProgress, KeyMalformed

PREFIX = "/api/v1/"
CURSOR = "AQABkAAAAAAAcIAAAAAAAAAA"
_VARIABLE = re.compile(r"\{(\w+)\}")
_Found = tuple[str, str, str, Any]

_HEADERS = {
    "RateLimit-Limit": ("integer", "Calls that are allowed in the period.", 100),
    "RateLimit-Remaining": ("integer", "Calls that are left.", 99),
    "RateLimit-Reset": ("integer", "Seconds until all of them are there again.", 1),
    "Retry-After": ("integer", "Seconds to wait.", 6),
    "ETag": ("string", "Stands for this state; for If-None-Match and If-Match.", 'W/"7f1c0a1be2"'),
    "Idempotency-Replayed": ("string", "true when this is the kept reply of an earlier call.", "true"),
    "Deprecation": ("string", "Since when this is not to be used (RFC 9745).", "@1798761600"),
    "Sunset": ("string", "When it goes (RFC 8594).", "Fri, 01 Jan 2027 00:00:00 GMT"),
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `detail` is for people and may be worded anew.",
    "required": ["type", "title", "status", "detail", "code", "error_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "error_id": {"type": "string", "description": "Stands in the log beside the cause."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


class Describer(AutoSchema):
    """Describes one handler of an `ApiView` from its declaration."""

    @property
    def declared(self) -> Endpoint:
        """The declaration of the handler."""
        view: Any = self.view
        found: Endpoint = view.endpoints[self.method.lower()]
        return found

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """The operation, with its examples, the errors that it may answer and the headers of its replies."""
        operation: Any = super().get_operation(path, path_regex, path_prefix, method, registry)
        declared = self.declared
        if declared.body is not None:
            sent = operation["requestBody"]["content"]["application/json"]
            sent["examples"] = {"example": {"value": _plain(declared.body.example)}}
        replies = operation["responses"]
        for status, reply in replies.items():
            reply["description"] = HTTPStatus(int(status)).phrase
            if "content" in reply and not declared.file:
                reply["content"]["application/json"]["examples"] = {"example": {"value": self._example()}}
            reply["headers"] = _headers(*self._told())
        if declared.etag and method == "GET":
            replies["304"] = {"description": HTTPStatus(304).phrase, "headers": _headers("ETag")}
        for status, found in _by_status(self._errors()).items():
            replies[status] = _problem_reply(status, found)
        operation["x-permission"] = declared.scope or None
        return operation

    def get_operation_id(self) -> str:
        """get_users_by_person_id: unlike names of classes, an address is one operation's alone."""
        path = _VARIABLE.sub(r"by_\1", self.path.removeprefix(PREFIX))
        return "_".join([self.method.lower(), *re.findall(r"\w+", path)])

    def get_tags(self) -> list[str]:
        """The noun that the address begins with."""
        return [self.declared.tag or self.path.removeprefix(PREFIX).split("/")[0]]

    def get_summary(self) -> str:
        """The first sentence of the handler's docstring."""
        return self._words()[0]

    def get_description(self) -> str:  # type: ignore[override] # as drf-spectacular has it
        """The docstring of the endpoint, and the rest of the handler's."""
        return "\n\n".join(part for part in (_dedented(type(self.view).__doc__), self._words()[1]) if part)

    def get_auth(self) -> list[dict[str, list[str]]]:
        """A session, a bearer of a key or token, or nobody at all; `x-permission` is what cuts the scopes of a key."""
        return [{}] if isinstance(self.declared.access, Public) else [{"session": []}, {"bearer": []}]

    def get_override_parameters(self) -> list[Any]:
        """Declared parameters, and the headers that such a call may carry."""
        found = [_parameter(parameter) for parameter in self.declared.query or ()]
        unsafe = self.method.lower() in UNSAFE
        if unsafe and self.declared.idempotent:
            found.append(_header("Idempotency-Key", "Sent again within 24 hours, the call is answered, not repeated."))
        if self.declared.etag:
            names = ("If-Match", "Change it only in this state.") if unsafe else ("If-None-Match", "What you have.")
            found.append(_header(*names))
        if not isinstance(self.declared.access, Public):
            found.append(_header("Steward-Organisation", "The id of the organisation that the call is about."))
            found += [_header("X-CSRFToken", "Needed with a session cookie, and with nothing else.")] if unsafe else []
        return found

    def get_request_serializer(self) -> Any:
        """The declared body."""
        return self.declared.body

    def get_response_serializers(self) -> Any:
        """The declared reply; a list in its envelope."""
        declared = self.declared
        reply: Any = declared.reply
        if declared.file:
            return {(declared.status, kind): OpenApiTypes.BINARY for kind in declared.file.split(", ")}
        if declared.items is not None:
            reply = _enveloped(declared.items)
        return {declared.status: OpenApiResponse(reply)}

    def _words(self) -> tuple[str, str]:
        text = _dedented(getattr(self.view, self.method.lower()).__doc__)
        first, _blank, rest = text.partition("\n\n")
        return first.replace("\n", " "), rest

    def _example(self) -> Any:
        declared = self.declared
        if declared.items is not None:
            return {"items": [_plain(declared.items.example)], "next_cursor": CURSOR}
        return _plain(declared.reply.example) if declared.reply is not None else None

    def _told(self) -> list[str]:
        names = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
        names += ["ETag"] if self.declared.etag else []
        names += ["Idempotency-Replayed"] if self.declared.idempotent and self.method.lower() in UNSAFE else []
        return names + (["Deprecation", "Sunset"] if self.declared.deprecated else [])

    def is_deprecated(self) -> bool:
        """Whether it is declared so."""
        return self.declared.deprecated is not None

    def _errors(self) -> list[type[errors.StewardError]]:
        declared, found = self.declared, list[type[errors.StewardError]]()
        if not isinstance(declared.access, Public):
            found += [errors.Unauthenticated, errors.Forbidden]
        if declared.query is not None:
            found.append(ParameterMalformed)
        if _VARIABLE.search(self.path):
            found.append(errors.NotFound)
        if declared.body is not None:
            found += [rest.BodyMalformed, errors.TooLarge, rest.NotJson, errors.Invalid]
        if self.method.lower() in UNSAFE:
            found += [PreconditionFailed] if declared.etag else []
            found += [KeyMalformed, InProgress, IdempotencyConflict] if declared.idempotent else []
        return [*found, *declared.errors, errors.TooMany]


@cache
def _enveloped(items: type[Reply]) -> Any:
    """The envelope of a list; one class for each kind of item, or drf-spectacular takes them for different things."""
    fields = {"items": items(many=True), "next_cursor": serializers.CharField(allow_null=True)}
    return inline_serializer(f"{items.__name__.removesuffix('Reply')}List", fields)


def _parameter(parameter: Parameter) -> OpenApiParameter:
    return OpenApiParameter(
        parameter.name,
        {**parameter.schema, **({"default": parameter.default} if parameter.default is not None else {})},
        description=str(parameter.description),
    )


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string"}, OpenApiParameter.HEADER, description=description)


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _by_status(found: Iterable[type[errors.StewardError]]) -> dict[str, list[type[errors.StewardError]]]:
    groups: dict[str, list[type[errors.StewardError]]] = {}
    for error in dict.fromkeys(found):
        groups.setdefault(str(error.status), []).append(error)
    return dict(sorted(groups.items()))


def _problem_reply(status: str, found: Sequence[type[errors.StewardError]]) -> dict[str, Any]:
    examples = {error.code: {"summary": str(error.title), "value": _problem_of(error)} for error in found}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    reply = {"description": HTTPStatus(int(status)).phrase, "content": {"application/problem+json": content}}
    return reply | ({"headers": _headers("Retry-After")} if status == "429" else {})


def _problem_of(error: type[errors.StewardError]) -> dict[str, Any]:
    return {
        "type": f"/docs/errors#{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.default_detail),
        "code": error.code,
        "error_id": "019a0000000070008000",
        "errors": [],
    }


def _plain(example: Any) -> Any:
    """As JSON has it: lazy texts and ids become strings."""
    return orjson.loads(orjson.dumps(example, default=str))


def _dedented(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").strip().splitlines())


def ours(endpoints: Sequence[_Found]) -> list[_Found]:
    """drf-spectacular's hook before: endpoints of ours that declare something; the one for unknown addresses does not."""
    return [
        found
        for found in endpoints
        if issubclass(found[3].cls, ApiView) and found[3].cls.endpoints[found[2].lower()].declared
    ]


def finished(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """drf-spectacular's hook after: what all operations share."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["headers"] = {
        name: {"description": text, "schema": {"type": kind}, "example": example}
        for name, (kind, text, example) in _HEADERS.items()
    }
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "steward", "description": "The cookie of a sign-in."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or the access token of a client."},
    }
    result["servers"] = [{"url": "/"}]
    return result


@cache
def document() -> dict[str, Any]:
    """The document; made once per process, since it only depends on the code."""
    generator: Any = SchemaGenerator  # Ships without annotations.
    made: dict[str, Any] = generator().get_schema(public=True)
    return made


@cache
def rendered() -> bytes:
    """The document as JSON."""
    return orjson.dumps(_plain(document()))
