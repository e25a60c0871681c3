"""What the rooms hand up by declaration: permissions, events, jobs, schedules, cleanups, menu entries, health checks.

Each is declared in the file of that name in the room that owns the data, collected at start and frozen then;
a name declared twice, or after the freeze, stops the start.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

if TYPE_CHECKING:
    from portal.kit.context import Actor
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

    id: UUID
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
    """A job that starts by itself. `cron` is read in `time_zone` (empty: the installation's).

    One that belongs to the night's maintenance has a place in it: `night` is its order, lowest first.
    """

    name: str
    label: Text
    job: str
    cron: str
    args: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str = ""
    night: int | None = None


CleanupCategory = Literal[
    "activity-logs", "orphaned-data", "temp-files", "execution-logs", "database-vacuum", "expired-sessions"
]


@dataclass(frozen=True)
class Rows:
    """Rows are deleted in batches. `children` are (table, column) that refer to the key and go with it, first."""

    children: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Emptied:
    """Columns of old rows are set to `values` (SQL of each); the rows stay. The condition leaves out what is empty."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Orphans:
    """Rows that name their object by `kind` (app_label.model, text) and `subject` (uuid) go when it is gone.

    `column < now - keep` guards what is being made just now. A kind that no installed model has is left alone.
    """

    kind: str
    subject: str


@dataclass(frozen=True)
class Partitions:
    """Whole partitions of `table` (range over a UUIDv7 key) go. `function(before date)` of the owner drops those that
    end before that day (UTC), refuses a young date, and returns (partition, row_estimate, bytes) of each."""

    function: str


@dataclass(frozen=True)
class Files:
    """Files below `folder()` whose names fit `pattern` go by the time they were last written to. Links are not followed."""

    folder: Callable[[], Path]
    pattern: str = "*"


@dataclass(frozen=True)
class Vacuum:
    """Nothing goes: the space of deleted rows is made free again and the planner's statistics are taken anew."""


@dataclass(frozen=True)
class Cleanup:
    """What is old and may go. `how` says in which way; the other fields are read by it.

    Rows: `table`, `column` and primary `key` name them; a row goes when `column < now - keep` (and `condition`).
    `floor`: nobody can have anything younger removed, whatever age is asked for (None: `keep`, at most a day).
    `max_share`: when more than so many percent of the table would go, a person has to type the name first.
    """

    name: str
    label: Text
    description: Text
    table: str = ""
    column: str = ""
    keep: timedelta = timedelta(0)
    permission: str = "cleanup:execute"
    sample: tuple[tuple[str, Text], ...] = ()
    condition: str = "TRUE"
    key: str = "id"
    category: CleanupCategory = "temp-files"
    how: Rows | Emptied | Orphans | Partitions | Files | Vacuum = Rows()
    floor: timedelta | None = None
    max_share: int = 50

    @property
    def least(self) -> timedelta:
        """The age below which nothing goes."""
        return min(self.keep, timedelta(days=1)) if self.floor is None else self.floor


Section = Literal["", "products", "money", "people", "access", "proof", "upkeep", "installation", "self"]


@dataclass(frozen=True)
class MenuItem:
    """An entry of the navigation, shown to whom holds `permission`.

    Entries of the realm "organisation" stand under `/o/{slug}/`, which their `url` names, and are shown there. Those of
    the realm "self" are everybody's own affairs, stand under `/me` and name no permission. `somewhere`: shown as well to
    whom holds `permission` on some object only, as its page opens to that one. `badge` counts what waits there for
    somebody; every page asks, so it remembers. `idle=False`: not shown while nothing waits. The entries of one `group`
    stand behind one that opens: a group of the console (`portal.home.shell.GROUPS`), or a product by its name when it has
    more than five. `only` says for whom it is there at all; the console asks on the pages beside it, and shows it nowhere
    else.
    """

    name: str
    label: Text
    url: str
    icon: str
    section: Section
    permission: str
    order: int
    realm: Literal["platform", "organisation", "self"] = "platform"
    somewhere: bool = False
    badge: "Callable[[Actor], int] | None" = None
    idle: bool = True
    group: str = ""
    only: "Callable[[Actor], bool] | None" = None


@dataclass(frozen=True)
class HealthCheck:
    """A dependency. `probe` returns a short detail and raises when it is away; `vital` decides between down and degraded."""

    name: str
    label: Text
    probe: Callable[[], str]
    vital: bool = False


@dataclass(frozen=True)
class Proof:
    """What must hold in a restored database before anybody may rely on it.

    `probe` gets a connection to it as the portal (row-level security binds it), inside a transaction that is rolled
    back; it returns a short detail and raises `AssertionError` with a sentence when the database is not sound.
    """

    name: str
    label: Text
    probe: Callable[[Any], str]


@dataclass(frozen=True)
class Aftercare:
    """What must be put right in a restored database before or after it takes the place of the live one.

    `before` gets the owner's connections to the restored and, where there is one, the live database, and may write to
    the first; what it returns must be JSON and is handed to `after`, which runs as the system once the restored
    database is the live one and returns a line for the log. Both run again after a kill, so both must be idempotent.
    """

    name: str
    label: Text
    before: Callable[[Any, Any], Any]
    after: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class PersonalData:
    """What a room holds about a person: an entry of the inventory, and a part of the copy that people fetch of their data.

    `text` says what it is and what for, `kept` how long. `models` are the models it lies in ("accounts.Session").
    `read` gives the rows about one person, for the copy; where it is None, `withheld` says why they are not in it.
    """

    name: str
    label: Text
    text: Text
    kept: Text
    models: tuple[str, ...]
    read: Callable[[UUID], Iterable[Mapping[str, Any]]] | None = None
    withheld: Text = ""


permissions: Registry[Permission] = Registry("Permission", lambda item: item.code)
events: Registry[Event] = Registry("Event", lambda item: item.code)
fields: Registry[Field] = Registry("Field", lambda item: item.key)
jobs: Registry[Job] = Registry("Job", lambda item: item.name)
schedules: Registry[Schedule] = Registry("Schedule", lambda item: item.name)
cleanups: Registry[Cleanup] = Registry("Cleanup", lambda item: item.name)
menu: Registry[MenuItem] = Registry("Menu entry", lambda item: item.name)
health: Registry[HealthCheck] = Registry("Health check", lambda item: item.name)
proofs: Registry[Proof] = Registry("Proof", lambda item: item.name)
aftercare: Registry[Aftercare] = Registry("Aftercare", lambda item: item.name)
personal_data: Registry[PersonalData] = Registry("Personal data", lambda item: item.name)
lists: "Registry[List]" = Registry("List", lambda item: item.name)
