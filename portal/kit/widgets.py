"""Widgets of dashboards, and what waits for somebody: each declared once, in the room that owns its data (`widgets.py`).

A widget says who may see it, how large it is, what it shows and how often it is read again. Whoever composes a page asks
for the permission first: what a person may not see is neither loaded nor named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.ports import port
from portal.kit.registry import Registry, Text

Realm = Literal["platform", "organisation"]
PLATFORM: frozenset[Realm] = frozenset({"platform"})
INSIDE: frozenset[Realm] = frozenset({"organisation"})
EVERYWHERE: frozenset[Realm] = PLATFORM | INSIDE
# Columns of the grid that a widget may take, of twelve.
WIDTHS = (3, 4, 6, 8, 12)
TURN = 5  # Seconds between two turns of the live parts.
SELDOM = 30  # Seconds; key figures, which cost more than a look at one table.
TEXT_LIMIT = 40


@dataclass(frozen=True)
class Option:
    """Something that a person sets for a widget. `choices` are all values there are (None: a number, or nothing)."""

    name: str
    label: Text
    default: str = ""
    choices: Callable[[], Sequence[tuple[str, Text]]] | None = None

    def clean(self, given: object) -> str:
        """The value in its one spelling; `ValueError` for none that there is."""
        text = str(given).strip()
        if self.choices is not None:
            if text not in dict(self.choices()):
                raise ValueError(text)
            return text
        if text and (len(text) > TEXT_LIMIT or not _is_number(text)):
            raise ValueError(text)
        return text


Options = Mapping[str, str]
Loaded = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Who looks, and where it stands: `slug` names the organisation, empty on the installation."""

    actor: Actor
    slug: str = ""

    @property
    def realm(self) -> Realm:
        """The installation or an organisation."""
        return realm_of(self.actor)


@dataclass(frozen=True)
class Widget:
    """A part of a dashboard.

    `load` gives what `template` shows, None when there is nothing to say, and starts from what the actor may see.
    `width` (columns of twelve) is what it takes unless somebody chose another of `widths`; `height` counts rows of the
    grid (58 pixels and what lies between), which it has at least. `every`: seconds until it is read again. `slow`: it
    comes after the page. `alike`: it is the same for whoever may see it, so what was drawn for one is shown to the next
    until it is due again. `many`: it may stand on a dashboard more than once, with other options.
    """

    code: str
    label: Text
    description: Text
    permission: str
    template: str
    load: Callable[[Place, Options], Loaded | None]
    icon: str = "activity"
    realms: frozenset[Realm] = PLATFORM
    width: int = 4
    widths: tuple[int, ...] = (4, 6, 8, 12)
    height: int = 5
    every: int = TURN
    slow: bool = False
    alike: bool = False
    many: bool = False
    options: tuple[Option, ...] = ()
    title: Callable[[Options], Text] | None = None

    def defaults(self) -> dict[str, str]:
        """The options as nobody has set them."""
        return {option.name: option.default for option in self.options}

    def named(self, options: Options) -> str:
        """What it is called with these options."""
        return str(self.title(options) if self.title is not None else self.label)


@dataclass(frozen=True)
class Waiting:
    """So much of one kind waits for a person. `tone` is "bad" for what is wrong, "warn" for what is late."""

    text: str
    url: str
    number: int = 1
    note: str = ""
    tone: str = ""
    icon: str = "check"


@dataclass(frozen=True)
class Task:
    """Something of which a person should be told that it waits. `permission` empty: `find` itself knows for whom."""

    code: str
    permission: str
    find: Callable[[Place], Iterable[Waiting]]
    realms: frozenset[Realm] = PLATFORM


@dataclass(frozen=True)
class Step:
    """A first step of a new installation or organisation; `done` looks at the data, nobody ticks anything off."""

    code: str
    label: Text
    text: Text
    permission: str
    url: Callable[[Place], str]
    done: Callable[[Place], bool]
    order: int
    realms: frozenset[Realm] = PLATFORM


widgets: Registry[Widget] = Registry("Widget", lambda item: item.code)
tasks: Registry[Task] = Registry("Task", lambda item: item.code)
steps: Registry[Step] = Registry("First step", lambda item: item.code)


def realm_of(actor: Actor) -> Realm:
    """Where `actor` stands."""
    return "platform" if actor.organisation_id is None else "organisation"


def open_to(actor: Actor, declared: Widget | Task | Step) -> bool:
    """Whether a widget, task or step is for `actor` where it stands."""
    if realm_of(actor) not in declared.realms:
        return False
    return not declared.permission or bool(can(actor, declared.permission))


def found_waiting(place: Place) -> list[Waiting]:
    """What waits for who looks, what is wrong first."""
    found = [one for task in tasks if open_to(place.actor, task) for one in task.find(place)]
    order = {"bad": 0, "warn": 1}
    return sorted(found, key=lambda one: order.get(one.tone, 2))


@port
def board(request: HttpRequest, actor: Actor) -> Mapping[str, Any]:
    """The values of `home/_board.html` for where `actor` stands: the dashboard of its choice, or that of its role."""
    raise NotImplementedError


def _is_number(text: str) -> bool:
    whole, _dot, part = text.removeprefix("-").partition(".")
    return (whole + part).isascii() and whole.isdigit() and (not _dot or part.isdigit())
