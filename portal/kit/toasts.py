"""Toasts: short news after an action, with at most one thing to do about it (such as undo).

They travel as Django's messages, in a signed cookie, so that they survive the redirect after a form.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

Tone = Literal["ok", "info", "warn", "bad"]
_LEVELS: dict[Tone, int] = {
    "ok": messages.SUCCESS,
    "info": messages.INFO,
    "warn": messages.WARNING,
    "bad": messages.ERROR,
}
_TONES: dict[int, Tone] = {level: tone for tone, level in _LEVELS.items()}


@dataclass(frozen=True)
class Action:
    """A button of a toast: a form that is posted to `url`, a path of this console, with `values`."""

    label: str
    url: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.url.startswith("/") and url_has_allowed_host_and_scheme(self.url, allowed_hosts=None)):
            raise ValueError(f"A toast posts into this console: {self.url!r} is not a path of it.")


@dataclass(frozen=True)
class Toast:
    """A message as the page shows it."""

    text: str
    tone: Tone = "ok"
    action: Action | None = None

    def as_dict(self) -> dict[str, Any]:
        """For scripts."""
        action = self.action
        shown = {"label": str(action.label), "url": action.url, "values": dict(action.values)} if action else None
        return {"text": str(self.text), "tone": self.tone, "action": shown}


def add(request: HttpRequest, text: str, tone: Tone = "ok", action: Action | None = None) -> None:
    """Show `text` on the next page of this person."""
    extra = json.dumps(Toast("", tone, action).as_dict()["action"]) if action else ""
    messages.add_message(request, _LEVELS[tone], text, extra_tags=extra)


def of(message: Message) -> Toast:
    """The toast that a message stands for; one that came without our words is plain."""
    tone = _TONES.get(message.level, "info")
    try:
        raw = json.loads(message.extra_tags or "null")
        action = Action(raw["label"], raw["url"], raw["values"]) if raw else None
    except (ValueError, KeyError, TypeError):
        action = None
    return Toast(str(message.message), tone, action)
