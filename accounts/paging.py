"""Pages of the list of people by keyset: no OFFSET, the same cost for the first page and the last."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from accounts.selectors import PeopleFilter, people
from portal.kit.context import Actor

PAGE = 50


@dataclass(frozen=True)
class Cursor:
    """The page after or before one person. Only its id travels: names do not belong into addresses and logs."""

    person_id: UUID
    backwards: bool


@dataclass(frozen=True)
class PeoplePage:
    """People by name, and where the neighbouring pages begin."""

    items: list[User]
    previous: UUID | None
    next: UUID | None


def cursor_of(after: str, before: str) -> Cursor | None:
    """Read the cursor of an address; None (the first page) when it is absent or no id."""
    try:
        return (
            Cursor(UUID(before), backwards=True) if before else Cursor(UUID(after), backwards=False) if after else None
        )
    except ValueError:
        return None


def people_page(actor: Actor, chosen: PeopleFilter, cursor: Cursor | None = None, size: int = PAGE) -> PeoplePage:
    """One page of what `selectors.people` finds; at most two queries.

    A cursor whose person is not visible to the actor starts at the beginning.
    """
    found = people(actor, chosen)
    anchor = _anchor(actor, cursor)
    if cursor is not None and anchor is not None:
        # The range on the name alone lets the index begin there; the rest sorts out equal names.
        side = "lt" if cursor.backwards else "gt"
        beyond = Q(**{f"name__{side}": anchor}) | Q(**{f"id__{side}": cursor.person_id})
        found = found.filter(Q(**{f"name__{side}e": anchor}) & beyond)
    backwards = anchor is not None and cursor is not None and cursor.backwards
    if backwards:
        found = found.order_by("-name", "-id")
    items = list(found[: size + 1])
    more, items = len(items) > size, items[:size]
    if backwards:
        items.reverse()
    if not items:
        return PeoplePage([], None, None)
    has_previous = more if backwards else anchor is not None
    has_next = True if backwards else more
    return PeoplePage(items, items[0].pk if has_previous else None, items[-1].pk if has_next else None)


def _anchor(actor: Actor, cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    return (
        User.objects.visible_to(actor, "user:read").filter(pk=cursor.person_id).values_list("name", flat=True).first()
    )
