"""Parts of the tab Security of a person's page that other files of this room add: devices, recovery, keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from portal.kit.context import Actor


@dataclass(frozen=True)
class Part:
    """A panel. `values` gives the context of `template`, which finds it as `part`; None: nothing to show."""

    template: str
    values: Callable[[Actor, User], Mapping[str, Any] | None]


PARTS: list[Part] = []


def parts_of(actor: Actor, user: User) -> list[dict[str, Any]]:
    """The parts that have something to show, each with its template."""
    found = [(part, part.values(actor, user)) for part in PARTS]
    return [{"template": part.template, **values} for part, values in found if values is not None]
