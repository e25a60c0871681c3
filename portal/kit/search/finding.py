"""Asking all kinds at once. What it costs does not grow with the rows: one look-up of the words, one count, and a query
for each kind that has something."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit.context import Actor
from portal.kit.decision import check_many, holds_somewhere
from portal.kit.lists import counts
from portal.kit.lists.search import LIMIT, Found, Words, cleaned, narrowed, probed, spelled
from portal.kit.search.declare import Command, Hit, Known, Records, commands, kinds

LEAST = 2  # Characters: one letter begins something of everybody.
EACH = 5  # Hits of a kind where all kinds are shown.
ALONE = 50  # Where one kind is.
MANY = 100  # Counted so far; "100+" is all that anybody needs to know.


@dataclass(frozen=True)
class Group:
    """What was found of one kind: exact matches first, and how many there are (at most `MANY` + 1)."""

    kind: Records | Known
    hits: Sequence[Hit]
    number: int
    exact: frozenset[str] = frozenset()

    @property
    def more(self) -> bool:
        """Whether there are others than those shown."""
        return self.number > len(self.hits)


@dataclass(frozen=True)
class Answer:
    """What a text finds, kinds with an exact match first."""

    text: str
    groups: Sequence[Group] = field(default_factory=list)

    @property
    def exact(self) -> list[tuple[Group, Hit]]:
        """The exact matches of all kinds."""
        return [(group, hit) for group in self.groups for hit in group.hits if hit.key in group.exact]

    @property
    def jump(self) -> Hit | None:
        """The one thing that is meant: the only exact match."""
        found = self.exact
        return found[0][1] if len(found) == 1 else None


def refusal(text: str) -> str:
    """Why a text is not searched for, in a sentence; "" when it is."""
    if len(text) > LIMIT:
        return _("Search for at most %(limit)s characters.") % {"limit": LIMIT}
    clean = cleaned(text)
    # One sign of other scripts can be a whole word.
    if len(clean) < LEAST and clean.isascii():
        return _("Write at least %(least)s characters.") % {"least": LEAST}
    return ""


def open_to(actor: Actor, name: str = "") -> list[Records | Known]:
    """The kinds that `actor` may look through where it stands, in their order; `name`: only that one."""
    realm = "platform" if actor.organisation_id is None else "organisation"
    near = [kind for kind in kinds if kind.realm in {realm, "self"} and name in {"", kind.name}]
    allowed = _allowed(actor, near)
    return sorted((kind for kind in near if allowed(kind)), key=lambda kind: kind.place)


def offered(actor: Actor) -> list[Command]:
    """What the palette offers `actor` to do where it stands, by name."""
    realm = "platform" if actor.organisation_id is None else "organisation"
    near = [command for command in commands if command.realm in {realm, "self"}]
    allowed = _allowed(actor, near)
    return sorted((command for command in near if allowed(command)), key=lambda command: str(command.label))


def _allowed(actor: Actor, items: Iterable[Any]) -> Any:
    codes = sorted({item.code for item in items if item.code})
    held = {
        code for code, answer in zip(codes, check_many(actor, [(code, None) for code in codes]), strict=True) if answer
    }

    def allowed(item: Any) -> bool:
        if not item.code or item.code in held:
            return True
        return getattr(item, "somewhere", False) and holds_somewhere(actor, item.code)

    return allowed


def find(actor: Actor, text: str, among: Sequence[Records | Known], each: int = EACH) -> Answer:
    """What `text` finds of the kinds `among`, which `open_to` gave, at most `each` of a kind. Ask `refusal` first."""
    clean = cleaned(text)
    key = _uuid(clean)
    stored = [kind for kind in among if isinstance(kind, Records)]
    words = {} if key else probed([kind.search for kind in stored if kind.search], clean)
    wanted = {kind: found for kind in stored if (found := _found(kind, actor, clean, key, words)) is not None}
    named = [(kind, rows) for kind in stored for rows in _exact(kind, actor, clean, key, words)]
    counted = [*map(_some, wanted.values()), *(rows for _kind, rows in named)]
    numbers = counts.capped(counted, MANY) if counted else []
    number = dict(zip(wanted, numbers, strict=False))
    exact: dict[Records, list[QuerySet[Any]]] = {}
    for (kind, rows), sure in zip(named, numbers[len(wanted) :], strict=True):
        if sure:
            exact.setdefault(kind, []).append(rows)
    groups = [
        _group(kind, wanted.get(kind), number.get(kind, 0), exact.get(kind, ()), each)
        for kind in stored
        if number.get(kind) or kind in exact
    ]
    groups += [group for kind in among if isinstance(kind, Known) and (group := _known(kind, actor, clean, each))]
    return Answer(clean, sorted(groups, key=lambda group: (not group.exact, group.kind.place)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _found(kind: Records, actor: Actor, text: str, key: UUID | None, words: dict[Any, Words]) -> Found | None:
    """The rows that match; None where the kind has nothing to ask, or nothing with these words."""
    if key is not None:
        return None
    if kind.search is not None:
        known = words[kind.search]
        if not known or not known[0].tokens:
            return None
        return narrowed(Found(kind.source(actor)), kind.search, text, known)
    return Found(kind.narrow(kind.source(actor), text)) if kind.narrow is not None else None


def _exact(
    kind: Records, actor: Actor, text: str, key: UUID | None, words: dict[Any, Words]
) -> Sequence[QuerySet[Any]]:
    """The rows that are named by the text as a whole, by each of the ways in which they can be."""
    if key is not None:
        return [kind.source(actor).filter(pk=key)]
    found = [_any(kind.source(actor), kind.exact, text.lower())] if kind.exact else []
    if kind.spelled and kind.search is not None and any(word.tokens for word in words[kind.search]):
        found.append(_any(spelled(kind.source(actor), kind.search, text), kind.spelled, text))
    return found


def _any(rows: QuerySet[Any], lookups: Sequence[str], text: str) -> QuerySet[Any]:
    return rows.filter(reduce(or_, (Q(**{lookup: text}) for lookup in lookups)))


def _some(found: Found) -> QuerySet[Any]:
    return found.rows if found.sample is None else found.sample


def _group(kind: Records, found: Found | None, number: int, exact: Sequence[QuerySet[Any]], each: int) -> Group:
    first = {hit.key: hit for rows in exact for hit in map(kind.hit, rows.order_by(*kind.order)[:each])}
    hits = list(first.values())
    if found is not None and number > len(first):
        rows = found.rows.order_by(*kind.order)[:each]
        hits += [hit for hit in map(kind.hit, rows) if hit.key not in first]
    return Group(kind, hits[:each], max(number, len(first)), frozenset(first))


def _known(kind: Known, actor: Actor, text: str, each: int) -> Group | None:
    wanted = folded(text).split()
    all_ = kind.hits(actor)
    exact = [hit for hit in all_ if hit.key.lower() == text.lower()]
    found = exact + [hit for hit in all_ if hit not in exact and _begins(wanted, hit)]
    if not found:
        return None
    return Group(kind, found[:each], len(found), frozenset(hit.key for hit in exact))


def _begins(wanted: Sequence[str], hit: Hit) -> bool:
    """Whether each word begins one of the thing's, as in the searches of lists."""
    own = folded(f"{hit.title} {hit.key}").replace("_", " ").replace(".", " ").split()
    return bool(wanted) and all(any(word.startswith(one) for word in own) for one in wanted)


def folded(text: str) -> str:
    """No case and no accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(sign))
