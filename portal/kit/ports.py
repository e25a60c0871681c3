"""The few things that kit needs from the rooms above it. Each port is filled once, in an `AppConfig.ready()`.

A port that is still empty is a system-check error (steward.E001); calling it raises, so nothing is let through.
"""

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from django.core.exceptions import ImproperlyConfigured

P = ParamSpec("P")
R = TypeVar("R")


class Port(Generic[P, R]):
    """A function that another room provides."""

    def __init__(self, name: str, signature: Callable[P, R]) -> None:
        self.name = name
        self._function: Callable[P, R] | None = None
        self.__doc__ = signature.__doc__
        PORTS.append(self)

    @property
    def filled(self) -> bool:
        """Whether a room has provided the function."""
        return self._function is not None

    def fill(self, function: Callable[P, R]) -> None:
        """Provide the function; twice is a mistake, unless it is the same one."""
        if self._function not in {None, function}:
            raise ImproperlyConfigured(f"Port {self.name} is already filled; only one room may provide it.")
        self._function = function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._function is None:
            raise ImproperlyConfigured(f"Port {self.name} is empty: the room that provides it is not installed.")
        return self._function(*args, **kwargs)


PORTS: list["Port[..., Any]"] = []


def port(signature: Callable[P, R]) -> Port[P, R]:
    """Declare a port by the signature and docstring of a function; its body is never run."""
    return Port(signature.__name__, signature)
