"""The OpenAPI document as the reference page shows it: by noun, with what each field means and a call to try."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.conf import settings

from portal.kit import openapi

SEARCH_LIMIT = 100
WHOLE = 20  # More calls than these are lines that lead to the page of their noun: all at once are two megabytes.
TONES = {"get": "info", "post": "ok", "patch": "warn", "put": "warn", "delete": "bad"}
_SAFE = frozenset({"get"})


@dataclass(frozen=True)
class Value:
    """A parameter or a field: its name, type in words, whether it must be there, and what it means."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Answer:
    """A reply: status, what it is called, and the codes of errors or an example."""

    status: str
    label: str
    codes: tuple[str, ...]
    example: str

    @property
    def tone(self) -> str:
        """Tone of the chip."""
        return "ok" if self.status < "300" else "info" if self.status < "400" else "warn"


@dataclass(frozen=True)
class Operation:
    """One method at one address."""

    anchor: str
    method: str
    tone: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    permission: str
    deprecated: bool
    parameters: tuple[Value, ...]
    fields: tuple[Value, ...]
    answers: tuple[Answer, ...]
    body: str
    curl: str

    @property
    def words(self) -> str:
        """What the search looks in."""
        names = [one.name for one in (*self.parameters, *self.fields)]
        codes = [code for answer in self.answers for code in answer.codes]
        return " ".join([self.method, self.path, self.summary, self.permission, *names, *codes]).lower()


@dataclass(frozen=True)
class Group:
    """The operations of one noun."""

    name: str
    operations: tuple[Operation, ...]


def groups(wanted: str = "", only: str = "") -> list[Group]:
    """The reference, narrowed to operations in which every word of `wanted` is, and to those of the noun `only`."""
    words = wanted.lower().split()
    found: dict[str, list[Operation]] = {}
    for noun, operation in _operations():
        if only in ("", noun) and all(word in operation.words for word in words):
            found.setdefault(noun, []).append(operation)
    return [Group(noun, tuple(operations)) for noun, operations in sorted(found.items())]


def nouns() -> dict[str, int]:
    """How many operations each noun has, in the order of the page."""
    return {group.name: len(group.operations) for group in groups()}


def total() -> int:
    """How many operations there are."""
    return len(_operations())


@cache
def _operations() -> tuple[tuple[str, Operation], ...]:
    return tuple(_read(openapi.document()))


def _read(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in document["paths"].items():
        for method, made in methods.items():
            yield made["tags"][0], _operation(document, path, method, made)


def _operation(document: Mapping[str, Any], path: str, method: str, made: Mapping[str, Any]) -> Operation:
    sent = made.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        anchor=made["operationId"].replace("_", "-"),
        method=method.upper(),
        tone=TONES[method],
        path=path,
        summary=made["summary"],
        paragraphs=tuple(part for part in made.get("description", "").split("\n\n") if part),
        permission=made.get("x-permission") or "",
        deprecated=bool(made.get("deprecated")),
        parameters=tuple(_parameter(one) for one in made.get("parameters", ())),
        fields=tuple(_fields(document, sent.get("schema", {}))),
        answers=tuple(_answer(status, reply) for status, reply in made["responses"].items()),
        body=_pretty(next(iter(sent["examples"].values()))["value"]) if sent else "",
        curl=_curl(path, method, sent),
    )


def _parameter(one: Mapping[str, Any]) -> Value:
    where = "" if one["in"] == "query" else f" ({one['in']})"
    return Value(one["name"], f"{_kind(one['schema'])}{where}", bool(one.get("required")), one.get("description", ""))


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Value]:
    shape = _resolved(document, schema)
    for name, field in shape.get("properties", {}).items():
        yield Value(name, _kind(field), name in shape.get("required", ()), field.get("description", ""))


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"] if one is not None)
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    kinds = schema.get("type", "value")
    written = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{written}, {schema['format']}" if "format" in schema else written


def _answer(status: str, reply: Mapping[str, Any]) -> Answer:
    content = next(iter(reply.get("content", {"": {}}).values()))
    examples = content.get("examples", {})
    if status >= "400":
        return Answer(status, reply["description"], tuple(examples), "")
    shown = "".join(_pretty(one["value"]) for one in examples.values())
    return Answer(status, reply["description"], (), shown)


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _curl(path: str, method: str, sent: Mapping[str, Any]) -> str:
    lines = [f"curl -b cookies.txt {shlex.quote(settings.STEWARD_PUBLIC_URL + path)}"]
    if method not in _SAFE:
        lines[0] = f"curl -b cookies.txt -X {method.upper()} {shlex.quote(settings.STEWARD_PUBLIC_URL + path)}"
        lines += ['-H "X-CSRFToken: $TOKEN"', '-H "Idempotency-Key: $(uuidgen)"']
    if sent:
        body = orjson.dumps(next(iter(sent["examples"].values()))["value"]).decode()
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)
