"""How a room declares a setting and reads it.

In the room's `settings.py`:

    IDLE = setting(Setting("sessions.idle", SESSIONS, _("Idle end"), _("..."), Duration("minutes", 1, 10080),
                           attribute="SESSION_IDLE", variable="STEWARD_SESSION_IDLE_MINUTES"))

and wherever it counts: `IDLE.value()`. That asks the database nothing (see `state`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.utils.functional import Promise

from portal.kit.runtime import state
from portal.kit.runtime.kinds import Kind

T = TypeVar("T")
Words = str | Promise


@dataclass(frozen=True)
class Group:
    """A part of the page of settings."""

    name: str
    label: Words
    text: Words
    order: int


@dataclass(frozen=True)
class Told:
    """A line of what a change would mean."""

    label: str
    value: str
    tone: str = "info"


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A setting of the running portal.

    Its default is `default`, or what the settings of Django have under `attribute` (`NAME`, or `NAME.key` of a mapping),
    which a `variable` of the environment may have filled: then that value holds and nobody can change it here.
    `weaker(before, after)`: whether a change lowers security, and `weakens` says what gets weaker; such a change takes a
    fresh confirmation and a reason. `consequence` says what a value would mean, before it is saved.
    """

    code: str
    group: Group
    label: Words
    help: Words
    kind: Kind[T]
    attribute: str = ""
    variable: str = ""
    default: T | None = None
    weaker: Callable[[T, T], bool] | None = None
    weakens: Words = ""
    consequence: Callable[[T], Sequence[Told]] | None = None

    def value(self) -> T:
        """What holds now."""
        tried = _tried.get()
        if tried and self.code in tried:
            found_tried: T = tried[self.code]
            return found_tried
        if self.variable and state.from_environment(self.variable):
            return self.installed()
        found: T = state.values().get(self.code, _NONE)
        return self.installed() if found is _NONE else found

    def installed(self) -> T:
        """What holds where nothing is kept: the environment, or the default."""
        if not self.attribute:
            return self.kind.installed(self.default)
        name, _dot, key = self.attribute.partition(".")
        value = getattr(settings, name)
        return self.kind.installed(value[key] if key else value)

    def shipped(self) -> T:
        """The default of the project, whatever the environment says."""
        return self.kind.written(state.variables()[self.variable].default) if self.fixed else self.installed()

    @property
    def fixed(self) -> bool:
        """Whether the environment has said it."""
        return bool(self.variable) and state.from_environment(self.variable)

    def lowers(self, before: T, after: T) -> bool:
        """Whether the change lowers security."""
        return self.weaker is not None and before != after and self.weaker(before, after)


_NONE: Any = object()
_tried: ContextVar[Mapping[str, Any]] = ContextVar("steward_tried_settings", default=state.NOTHING)


@contextmanager
def trying(values: Mapping[str, Any]) -> Iterator[None]:
    """For the block, as if these values (by code) held: how a page or a mail would look with them."""
    token = _tried.set({**_tried.get(), **values})
    try:
        yield
    finally:
        _tried.reset(token)


def setting(item: Setting[T]) -> Setting[T]:
    """Declare a setting; its room keeps it under a name."""
    state.declared.add(item)
    return item


def find(code: str) -> Setting[Any] | None:
    """The setting of that code; None when there is none."""
    return state.declared.get(code) if code in state.declared else None


def everything() -> list[Setting[Any]]:
    """All settings, by group and in the order in which their rooms declare them."""
    return sorted(state.declared, key=lambda one: one.group.order)


def less_strict() -> list[Setting[Any]]:
    """The settings that lower security against the defaults of the project, wherever their values come from."""
    return [one for one in everything() if one.lowers(one.shipped(), one.value())]


def more(before: Any, after: Any) -> bool:
    """For `weaker`: a larger value is the weaker one."""
    return bool(after > before)


def fewer(before: Any, after: Any) -> bool:
    """For `weaker`: a smaller value is the weaker one."""
    return bool(after < before)


def unlimited(before: int, after: int) -> bool:
    """For `weaker` of a limit of which 0 means none: a larger one, or none at all."""
    return before != 0 and (after == 0 or after > before)
