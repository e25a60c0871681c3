"""YAML as a tree of texts with their lines. Nothing is built but mappings, lists and texts.

Anchors, aliases and tags are refused, so nothing in a file can grow beyond its size or name a Python object; a key twice
in one mapping is refused, where other readers silently take the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.utils.translation import gettext as _

from rbac.errors import CodeInvalid

MOST_BYTES = 512 * 1024
MOST_DEPTH = 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(slots=True)
class Node:
    """A text, a mapping or a list, and the line (from 1) on which it begins. `plain`: a text without quotes."""

    line: int
    text: str | None = None
    plain: bool = False
    entries: dict[str, Node] | None = None
    keys: dict[str, int] = field(default_factory=dict)
    items: list[Node] | None = None

    @property
    def is_null(self) -> bool:
        """Whether it is nothing: `null`, `~` or no text at all."""
        return self.text is not None and self.plain and self.text in {"", "~", "null", "Null", "NULL"}

    def value(self) -> Any:
        """What it says as plain values: for parts whose form is somebody else's affair, such as conditions."""
        if self.entries is not None:
            return {name: node.value() for name, node in self.entries.items()}
        if self.items is not None:
            return [node.value() for node in self.items]
        return _scalar(self.text or "") if self.plain else self.text


def refusal(line: int, text: str) -> CodeInvalid:
    """The error of one line."""
    said = _("Line %(line)d: %(text)s") % {"line": line, "text": text}
    return CodeInvalid(said, fields={"yaml": [said]})


def read(text: str) -> Node:
    """The tree of one YAML document. `CodeInvalid` names the line of what cannot be taken."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        said = _("The file is larger than %(kb)d kB.") % {"kb": MOST_BYTES // 1024}
        raise CodeInvalid(said, fields={"yaml": [said]})
    try:
        root = _built(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or ""
        raise refusal(
            mark.line + 1 if mark is not None else 1, _("This is no YAML: %(why)s.") % {"why": problem}
        ) from None
    if root is None:
        raise refusal(1, _("The file is empty."))
    return root


def _built(events: Iterator[Any]) -> Node | None:
    """The tree of the events, without recursion: depth is counted before it is followed."""
    root: Node | None = None
    open_: list[Node] = []
    waiting: list[tuple[str, int] | None] = []  # Of each open mapping: the key whose value comes next.
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise refusal(line, _("One document is taken, not several."))
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            open_.pop()
            waiting.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event, line)
        if not open_:
            root = node
        elif _is_key(open_[-1], waiting[-1]):
            waiting[-1] = _key(open_[-1], node)
            continue
        else:
            _put(open_[-1], waiting, node)
        if node.text is None:
            if len(open_) >= MOST_DEPTH:
                raise refusal(line, _("Nested too deep."))
            open_.append(node)
            waiting.append(None)
    return root


def _node(event: Any, line: int) -> Node:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise refusal(line, _("Anchors and aliases are not taken. Write it out."))
    if event.tag is not None:
        raise refusal(line, _("Tags are not taken. Leave out what begins with an exclamation mark."))
    if isinstance(event, yaml.MappingStartEvent):
        return Node(line, entries={})
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(line, items=[])
    return Node(line, text=event.value, plain=event.style is None or event.style == "")


def _is_key(parent: Node, waiting: tuple[str, int] | None) -> bool:
    return parent.entries is not None and waiting is None


def _key(parent: Node, node: Node) -> tuple[str, int]:
    if node.text is None:
        raise refusal(node.line, _("A key is a plain word."))
    if node.text in (parent.entries or {}):
        raise refusal(node.line, _("“%(key)s” stands here twice.") % {"key": node.text[:80]})
    return node.text, node.line


def _put(parent: Node, waiting: list[tuple[str, int] | None], node: Node) -> None:
    key = waiting[-1]
    if parent.items is not None:
        parent.items.append(node)
    elif parent.entries is not None and key is not None:
        parent.entries[key[0]] = node
        parent.keys[key[0]] = key[1]
        waiting[-1] = None


def _scalar(text: str) -> Any:
    """A plain text as YAML reads it: numbers, true, false and nothing; times stay texts."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    if tag == "tag:yaml.org,2002:int":
        return int(text) if text.lstrip("+-").isdigit() else text
    if tag == "tag:yaml.org,2002:bool":
        return text.lower() in {"true", "yes", "on"}
    return None if tag == "tag:yaml.org,2002:null" else text
