"""What a person searched for last, and the searches it keeps under a name; each in the place where it was asked."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock, errors, ids
from portal.kit.context import Actor
from portal.kit.lists.search import cleaned
from portal.kit.models import RecentSearch, SavedSearch
from portal.kit.models.lists import NAME_LIMIT
from portal.kit.search.declare import kinds
from portal.kit.search.finding import refusal
from portal.kit.services import writing

RECENT, SAVED = 10, 30
# Two windows of one person that search at once meet at the constraint and both count.
_REMEMBER = """
INSERT INTO kit_recent_search (id, person_id, organisation_id, text, searched_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (person_id, organisation_id, lower(text)) DO UPDATE SET text = excluded.text, searched_at = excluded.searched_at
"""


def recent(actor: Actor) -> QuerySet[RecentSearch]:
    """What `actor` searched for where it stands, the latest first."""
    return RecentSearch.objects.filter(**_own(actor)).order_by("-searched_at", "-pk")[:RECENT]


def saved(actor: Actor) -> QuerySet[SavedSearch]:
    """The searches that `actor` keeps where it stands, by name."""
    return SavedSearch.objects.filter(**_own(actor)).order_by("name", "pk")[:SAVED]


def search_remember(*, actor: Actor, text: str) -> None:
    """Note that the acting person searched for `text`; of the older ones the latest `RECENT` stay. No event."""
    clean = cleaned(text)
    if refusal(text) or not clean:
        return
    with writing():
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, [ids.uuid7(), _person(actor), actor.organisation_id, clean, clock.now()])
        rows = RecentSearch.objects.filter(**_own(actor)).order_by("-searched_at", "-pk")
        RecentSearch.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[RECENT:])).delete()


def searches_forget(*, actor: Actor) -> int:
    """Forget what the acting person searched for where it stands; how many texts that were. No event."""
    with writing():
        number, _each = RecentSearch.objects.filter(**_own(actor)).delete()
    return number


def searches_purge(*, person_id: UUID) -> None:
    """Forget everything that a person searched for and keeps, wherever that was: it is being erased."""
    with writing():
        RecentSearch.objects.filter(person_id=person_id).delete()
        SavedSearch.objects.filter(person_id=person_id).delete()


def search_save(*, actor: Actor, name: str, text: str, kind: str = "") -> SavedSearch:
    """Keep a search under a name. No event. `Invalid` for a name that one has already, a text that is not searched for
    or a kind that there is not; `Conflict` when there are too many."""
    name = " ".join(name.replace("\0", "").split())
    wrong: dict[str, list[str]] = {}
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        wrong["name"] = [_("Give a name of 1 to %(limit)s characters.") % {"limit": NAME_LIMIT}]
    if refused := refusal(text):
        wrong["text"] = [refused]
    if kind and kind not in {one.name for one in kinds}:
        wrong["kind"] = [_("There is no such kind.")]
    if wrong:
        raise errors.Invalid(fields=wrong)
    made = SavedSearch(
        person_id=_person(actor), organisation_id=actor.organisation_id, name=name, text=cleaned(text), kind=kind
    )
    with writing():
        if SavedSearch.objects.filter(**_own(actor)).count() >= SAVED:
            raise errors.Conflict(_("You keep as many searches here as the page can show. Delete one first."))
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            if "kit_saved_search_name" not in str(error):
                raise
            raise errors.Invalid(fields={"name": [_("You have a search of this name already.")]}) from error
    return made


def search_delete(*, actor: Actor, search_id: UUID) -> None:
    """Delete one of one's own saved searches. No event. `NotFound` for anybody else's."""
    with writing():
        number, _each = SavedSearch.objects.filter(pk=search_id, **_own(actor)).delete()
        if not number:
            raise errors.NotFound


def _own(actor: Actor) -> dict[str, Any]:
    here: dict[str, Any] = {"person_id": _person(actor)}
    return here | (
        {"organisation": None} if actor.organisation_id is None else {"organisation_id": actor.organisation_id}
    )


def _person(actor: Actor) -> UUID:
    if actor.id is None:
        raise errors.Forbidden
    return actor.id
