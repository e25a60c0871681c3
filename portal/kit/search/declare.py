"""What the global search looks through: each room declares its kinds of records in its `search.py` (docs/search.md).

A kind starts from the same selector as the room's list, so nobody finds what no list shows. `Records` are rows of the
database, `Known` things that are declared in the code, or so few that all are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from portal.kit.context import Actor
from portal.kit.lists.search import Search
from portal.kit.registry import Registry

Text = str | Promise
Realm = Literal["platform", "organisation", "self"]


@dataclass(frozen=True)
class Hit:
    """Something that was found: its name, what tells it from others of the name, and its page.

    `key` is its id, or its code where it has none.
    """

    key: str
    title: str
    note: str
    url: str


@dataclass(frozen=True)
class Kind:
    """A kind of record. `name` is its word in addresses and in the API, the same in both realms; `code` the right to see
    it (none for one's own, in the realm "self", which is everywhere). `somewhere`: also for whom holds it on some object
    only. `url` is the room's list, with `{slug}` for the organisation; `place` is the kind's among the others.
    """

    name: str
    realm: Realm
    label: Text
    icon: str
    code: str
    url: str = ""
    place: int = 50
    somewhere: bool = False

    @property
    def searched(self) -> bool:
        """Whether the list behind `url` takes the same words, so that all can be shown there."""
        return False


@dataclass(frozen=True, eq=False)
class Records(Kind):
    """Rows. `source(actor)` is where the room's list starts, `hit` shows one of its rows without asking the database.

    They are found by `search`, the tokens of the list's own search box, or `narrow(rows, text)`; by neither, exactly
    only. An exact match is the id, one of `exact`, columns in lower case that have an index by themselves, or one of
    `spelled`: look-ups (`number__iexact`) that are asked of the few rows of which the text is a token.
    `order` is the first order, and has an index.
    """

    source: Callable[[Actor], QuerySet[Any]] = lambda actor: _undeclared()
    hit: Callable[[Any], Hit] = lambda row: _undeclared()
    search: Search | None = None
    narrow: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    exact: Sequence[str] = ()
    spelled: Sequence[str] = ()
    order: Sequence[str] = ("-pk",)

    @property
    def searched(self) -> bool:
        """Whether the list behind `url` takes the same words, so that all can be shown there."""
        return bool(self.url) and self.search is not None


@dataclass(frozen=True, eq=False)
class Known(Kind):
    """A few things, all of which are at hand: `hits(actor)`; one whose `key` is the text is an exact match."""

    hits: Callable[[Actor], Sequence[Hit]] = lambda actor: _undeclared()


def _undeclared() -> Any:
    raise NotImplementedError("A kind of the search says where its rows come from and how they are shown.")


kinds: Registry[Records | Known] = Registry("Kind of the search", lambda item: f"{item.realm} {item.name}")


def containing(*fields: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    """`narrow` for small tables that have no tokens: each word stands somewhere in one of `fields`."""

    def narrow(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        for word in text.split()[:6]:
            found = Q()
            for field in fields:
                found |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(found)
        return rows

    return narrow


@dataclass(frozen=True)
class Command:
    """Something to do from the palette: it leads to the page or dialog where it is done, and does nothing by itself.

    Offered to whom holds `code`; one's own affairs, in the realm "self", need none. `words` are what else one may call
    it. `press` is a control of the shell (a selector) that is pressed instead of going to `url`.
    """

    name: str
    realm: Realm
    label: Text
    url: str
    icon: str
    code: str = ""
    words: Text = ""
    press: str = ""


@dataclass(frozen=True)
class Jump:
    """`g`, then `letter`: to the entry of the navigation that is called `entry`, in the entry's realm."""

    letter: str
    entry: str


commands: Registry[Command] = Registry("Command", lambda item: item.name)
jumps: Registry[Jump] = Registry("Jump", lambda item: item.entry)
