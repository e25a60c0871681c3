"""The global search: what the rooms let be found (`declare`), how it is found (`finding`), what people keep (`kept`)."""

from portal.kit.search.declare import (
    Command,
    Hit,
    Jump,
    Known,
    Realm,
    Records,
    commands,
    containing,
    jumps,
    kinds,
)
from portal.kit.search.finding import Answer, Group, find, offered, open_to, refusal

__all__ = [
    "Answer",
    "Command",
    "Group",
    "Hit",
    "Jump",
    "Known",
    "Realm",
    "Records",
    "commands",
    "containing",
    "find",
    "jumps",
    "kinds",
    "offered",
    "open_to",
    "refusal",
]
