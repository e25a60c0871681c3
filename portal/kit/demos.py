"""Parts of the demonstration beside its people: each room above declares its own, and `manage.py demo` calls them."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.kit.context import Actor
from portal.kit.registry import Registry


@dataclass(frozen=True)
class DemoPart:
    """A part: `load` makes it when the people are there, `remove` takes it away before they go. Both return a sentence
    for who asked, or nothing."""

    name: str
    load: Callable[[Actor], str]
    remove: Callable[[Actor], str]


demo_parts: Registry[DemoPart] = Registry("Demo part", lambda item: item.name)
