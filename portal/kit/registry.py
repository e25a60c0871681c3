"""What the rooms hand up by declaration: permissions, events, jobs, schedules, cleanups, menu entries, health checks.

Each is declared in the file of that name in the room that owns the data, collected at start and frozen then;
a name declared twice, or after the freeze, stops the start.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

if TYPE_CHECKING:
    from portal.kit.lists.declare import List

Text = str | Promise
T = TypeVar("T")


class Registry(Generic[T]):
    """Declarations of one kind by name."""

    def __init__(self, kind: str, name_of: Callable[[T], str]) -> None:
        self.kind = kind
        self._name_of = name_of
        self._items: dict[str, T] = {}
        self._frozen = False
        REGISTRIES.append(self)

    def add(self, item: T) -> T:
        """Declare `item`; returns it, so that a room can keep it under a name."""
        name = self._name_of(item)
        if self._frozen:
            raise ImproperlyConfigured(
                f"{self.kind} {name} is declared after the start; declare it in the room's own file."
            )
        if name in self._items:
            raise ImproperlyConfigured(f"{self.kind} {name} is declared twice; a name has one owner.")
        self._items[name] = item
        return item

    def freeze(self) -> None:
        """No more declarations from here on."""
        self._frozen = True

    def get(self, name: str) -> T:
        """The declaration of that name; unknown names raise, nothing is guessed."""
        try:
            return self._items[name]
        except KeyError:
            raise ImproperlyConfigured(f"{self.kind} {name!r} is not declared by any room.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)


REGISTRIES: list[Registry[Any]] = []


def freeze_all() -> None:
    """Called once, when every room has been read."""
    for registry in REGISTRIES:
        registry.freeze()


@dataclass(frozen=True)
class Permission:
    """A right that some route or service demands. `code` is `noun:verb`."""

    code: str
    label: Text
    category: Literal["users", "organisations", "modules", "data", "system", "security", "billing"]


Visibility = Literal["public", "masked", "personal", "secret"]


@dataclass(frozen=True)
class Event:
    """A registered kind of audit event. `sentence` is shown with the target's label in place of `{target}`."""

    code: str
    sentence: Text
    category: Literal[
        "authentication", "authorisation", "data", "system", "security", "administration", "billing", "API"
    ]
    severity: Literal["info", "notice", "warning", "critical"] = "info"


@dataclass(frozen=True)
class Field:
    """How a field of a model appears in an audit diff: in clear, masked, as erasable ciphertext, or not at all."""

    model: str
    name: str
    visibility: Visibility

    @property
    def key(self) -> str:
        """`app_label.model.field`, in lower case."""
        return f"{self.model.lower()}.{self.name}"


@runtime_checkable
class Run(Protocol):
    """What a job function gets: its arguments and the row that everybody can watch."""

    args: Mapping[str, Any]
    cursor: Any

    def phase(self, text: str) -> None:
        """Say what is being done now."""

    def log(self, text: str) -> None:
        """Add a line to the run's log."""

    def progress(self, done: int, total: int | None) -> None:
        """Say how far it is; committed with the next batch."""

    def batch(self) -> Any:
        """Context manager: one transaction whose commit checks the fence and keeps cursor and progress."""


@dataclass(frozen=True)
class Job:
    """A kind of work done by the worker. The function is idempotent: it continues from `run.cursor`."""

    name: str
    label: Text
    function: Callable[[Run], Mapping[str, Any]]
    permission: str
    max_attempts: int = 3
    time_limit: timedelta = timedelta(hours=2)


@dataclass(frozen=True)
class Schedule:
    """A job that starts by itself. `cron` is read in `time_zone` (empty: the installation's)."""

    name: str
    label: Text
    job: str
    cron: str
    args: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str = ""


@dataclass(frozen=True)
class Cleanup:
    """Old rows that may go. `table`, `column` and primary `key` name them; a row goes when `column < now - keep` (and `condition`)."""

    name: str
    label: Text
    description: Text
    table: str
    column: str
    keep: timedelta
    permission: str
    sample: tuple[tuple[str, Text], ...]
    condition: str = "TRUE"
    key: str = "id"


@dataclass(frozen=True)
class MenuItem:
    """An entry of the navigation, shown to whom holds `permission`.

    Entries of the realm "organisation" stand under `/o/{slug}/`, which their `url` names, and are shown there.
    """

    name: str
    label: Text
    url: str
    icon: str
    section: Literal["", "people", "proof", "upkeep", "installation"]
    permission: str
    order: int
    realm: Literal["platform", "organisation"] = "platform"


@dataclass(frozen=True)
class HealthCheck:
    """A dependency. `probe` returns a short detail and raises when it is away; `vital` decides between down and degraded."""

    name: str
    label: Text
    probe: Callable[[], str]
    vital: bool = False


permissions: Registry[Permission] = Registry("Permission", lambda item: item.code)
events: Registry[Event] = Registry("Event", lambda item: item.code)
fields: Registry[Field] = Registry("Field", lambda item: item.key)
jobs: Registry[Job] = Registry("Job", lambda item: item.name)
schedules: Registry[Schedule] = Registry("Schedule", lambda item: item.name)
cleanups: Registry[Cleanup] = Registry("Cleanup", lambda item: item.name)
menu: Registry[MenuItem] = Registry("Menu entry", lambda item: item.name)
health: Registry[HealthCheck] = Registry("Health check", lambda item: item.name)
lists: "Registry[List]" = Registry("List", lambda item: item.name)
