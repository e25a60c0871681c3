"""Turning values into what PostgreSQL can hold. No value, however odd, may cost us an event."""

import json
from typing import Any

import orjson


def encoded(value: Any) -> str:
    """`value` as JSON for a jsonb column.

    What JSON does not know becomes its text; NUL and lone surrogates, which jsonb does not take, are replaced.
    """
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:
        # A lone surrogate, an integer of more than 64 bits, or a key that is not a string: rare, so the slow way.
        text = json.dumps(_with_text_keys(value), default=str, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text.replace("\\u0000", "\\ufffd") if "\\u0000" in text else text


def storable(value: str) -> str:
    """`value` as a text column takes it: without NUL, lone surrogates replaced."""
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_keys(item) for item in value]
    return value
