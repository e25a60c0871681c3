"""docs/api_reference.md: every call of the API, made of the document that the reference page of the console is made of."""

from collections.abc import Iterable

from portal.home.api import reference
from portal.home.references.tables import generated, plain, table

_HEAD = """# API reference

Every call, by noun. What all calls share (who calls, organisations, lists, errors, entity tags, idempotency keys, limits) stands in
[the API](api.md) and is not repeated: the headers, and the errors that any call may answer. The same, with a search and a line for
the shell, is at `/api/v1/docs` of a running portal, and as OpenAPI 3.1 at `/api/v1/schema`.

"""
# Told once for all calls in api.md.
_SHARED = frozenset(
    {
        *("kit.unauthenticated", "kit.forbidden", "kit.not_found", "kit.too_many", "kit.invalid", "kit.too_large"),
        *("kit.body_malformed", "kit.not_json", "kit.parameter_malformed", "kit.precondition_failed"),
        *("kit.idempotency_key_malformed", "kit.idempotency_in_progress", "kit.idempotency_conflict"),
    }
)


def text() -> str:
    """The page."""
    groups = reference.groups()
    parts = [_HEAD, generated("api"), "\n", " · ".join(f"[{one.name}](#{one.name.lower()})" for one in groups), "\n"]
    for group in groups:
        parts.append(f"\n## {group.name}\n")
        parts += [_call(one) for one in group.operations]
    return "".join(parts)


def _call(one: reference.Operation) -> str:
    parts = [f"\n### {one.method} {one.path}\n\n{plain(one.summary)}"]
    parts += [f"\n\n{plain(' '.join(paragraph.split()))}" for paragraph in one.paragraphs]
    parts.append(f"\n\nRight: {f'`{one.permission}`' if one.permission else 'none of its own'}.")
    parts.append(" It will go.\n" if one.deprecated else "\n")
    parts += _values("parameter", (value for value in one.parameters if not _is_plain(value)))
    parts += _values("field", one.fields)
    if one.body:
        parts.append(f"\n```json\n{one.body}\n```\n")
    for answer in one.answers:
        if answer.status < "400":
            parts.append(f"\nReply {answer.status}{':' if answer.example else '.'}\n")
            parts += [f"\n```json\n{answer.example}\n```\n"] if answer.example else []
    codes = [(a.status, code) for a in one.answers if a.status >= "400" for code in a.codes if code not in _SHARED]
    if codes:
        parts.append(
            "\nErrors: " + ", ".join(f"{status} [`{code}`](errors.md#{code})" for status, code in codes) + ".\n"
        )
    return "".join(parts)


def _is_plain(value: reference.Value) -> bool:
    """Headers are told once for all, and an id in the address needs no words."""
    return "(header)" in value.kind or ("(path)" in value.kind and not value.text)


def _values(name: str, values: Iterable[reference.Value]) -> list[str]:
    rows = [(f"`{one.name}`", plain(one.kind), "required" if one.required else "", plain(one.text)) for one in values]
    return ["\n", table((name, "type", "", "meaning"), rows)] if rows else []
