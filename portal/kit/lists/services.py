"""What people set for a list: its arrangement and their saved views."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.lists.declare import List
from portal.kit.lists.filters import Malformed
from portal.kit.lists.query import ALL, columns_of, size_of, sort_of
from portal.kit.lists.selectors import VIEWS_LIMIT, views_of
from portal.kit.models import ListPreference, SavedView
from portal.kit.models.lists import NAME_LIMIT, QUERY_LIMIT
from portal.kit.record import diff, record
from portal.kit.services import writing

# Who decides what people with a role see first decides for others: that is running the installation.
ROLE_VIEWS = "installation:admin"


def preference_save(*, actor: Actor, declared: List, values: Mapping[str, Any]) -> None:
    """Remember how the acting person likes the list: `columns` (names), `sort`, `size`, `compact`, `view` (or None).

    Only what is named changes. No event: it is nobody else's business. `Invalid` for columns or orders there are not.
    """
    authorise(actor, declared.code)
    clean: dict[str, Any] = {}
    try:
        if "columns" in values:
            clean["columns"] = list(columns_of(declared, list(values["columns"])))
        if "sort" in values:
            clean["sort"] = sort_of(declared, str(values["sort"]))
        if "size" in values:
            clean["size"] = size_of(str(values["size"] or "")) or None
    except Malformed as error:
        raise errors.Invalid(fields={error.parameter: [error.text]}) from error
    if "compact" in values:
        clean["compact"] = bool(values["compact"])
    if "view" in values:
        clean["view"] = None if values["view"] is None else _visible(actor, declared, values["view"])
    with writing():
        ListPreference.objects.update_or_create(
            person_id=_person(actor), list_name=declared.name, defaults=clean, create_defaults=clean
        )


def preference_reset(*, actor: Actor, declared: List) -> None:
    """Forget the acting person's arrangement: the list is as its room declares it. Saved views stay."""
    authorise(actor, declared.code)
    with writing():
        ListPreference.objects.filter(person_id=_person(actor), list_name=declared.name).delete()


def view_save(*, actor: Actor, declared: List, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a question under a name. Event `kit.view.saved`. `Invalid` for a name that one has already, or a question
    that the list does not understand; `Conflict` when there are too many."""
    authorise(actor, declared.code)
    view = SavedView(
        list_name=declared.name,
        organisation_id=actor.organisation_id,
        owner_id=_person(actor),
        name=_name(name),
        query=_question(declared, query),
        shared=shared,
    )
    if views_of(actor, declared).filter(owner_id=actor.id).count() >= VIEWS_LIMIT:
        raise errors.Conflict(_("You have as many saved views of this list as it can show. Delete one first."))
    with writing():
        _store(view)
        record("kit.view.saved", target=view, changes=_created(view), data={"list": declared.name})
    return view


def view_change(*, actor: Actor, declared: List, view_id: UUID, values: Mapping[str, Any]) -> SavedView:
    """Change `name`, `query` or `shared` of one's own view. Event `kit.view.changed`, none when all is as it was.

    `NotFound` for anybody else's. A view that is a role's first one stays shared.
    """
    authorise(actor, declared.code)
    clean: dict[str, Any] = {}
    if "name" in values:
        clean["name"] = _name(str(values["name"]))
    if "query" in values:
        clean["query"] = _question(declared, str(values["query"]))
    if "shared" in values:
        clean["shared"] = bool(values["shared"])
    with writing():
        view = _mine(actor, declared, view_id)
        if view.role_id is not None and not clean.get("shared", True):
            raise errors.Conflict(_("People with a role start with this view. Give the role another one first."))
        return _changed(view, clean, declared)


def view_delete(*, actor: Actor, declared: List, view_id: UUID) -> None:
    """Delete one's own view; whose list began with it sees the whole list again. Event `kit.view.deleted`."""
    authorise(actor, declared.code)
    with writing():
        view = _mine(actor, declared, view_id)
        record("kit.view.deleted", target=view, data={"list": declared.name})
        view.delete()


def view_assign(*, actor: Actor, declared: List, view_id: UUID, role_id: UUID | None) -> SavedView:
    """Make a view what people with a role see first (None: no longer). Shares it. Event `kit.view.changed`.

    Needs the right to run the installation. Another view that the role began with steps back.
    """
    authorise(actor, declared.code)
    authorise(actor, ROLE_VIEWS)
    if actor.organisation_id is not None:
        raise errors.Conflict(_("Roles have a first view in the lists of the installation only."))
    with writing():
        view = views_of(actor, declared).select_for_update().filter(pk=view_id).first()
        if view is None:
            raise errors.NotFound
        if role_id is not None:
            for other in SavedView.objects.select_for_update().filter(list_name=declared.name, role_id=role_id):
                if other.pk != view.pk:
                    _changed(other, {"role_id": None}, declared)
        return _changed(view, {"role_id": role_id} | ({"shared": True} if role_id else {}), declared)


def may_assign(actor: Actor) -> bool:
    """Whether `actor` may give roles their first view."""
    return actor.organisation_id is None and can(actor, ROLE_VIEWS).allowed


def _changed(view: SavedView, values: Mapping[str, Any], declared: List) -> SavedView:
    changes = diff(view, values)
    if changes:
        for field, (_before, after) in changes.items():
            setattr(view, field, after)
        view.updated_at = clock.now()
        _store(view)
        record("kit.view.changed", target=view, changes=changes, data={"list": declared.name})
    return view


def _store(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "kit_saved_view_name" not in str(error):
            raise errors.Conflict from error
        raise errors.Invalid(fields={"name": [_("You have a view of this name already.")]}) from error


def _created(view: SavedView) -> dict[str, tuple[Any, Any]]:
    return {field: (None, getattr(view, field)) for field in ("name", "query", "shared")}


def _mine(actor: Actor, declared: List, view_id: UUID) -> SavedView:
    found = views_of(actor, declared).select_for_update().filter(pk=view_id, owner_id=actor.id).first()
    if found is None:
        raise errors.NotFound
    return found


def _visible(actor: Actor, declared: List, view_id: UUID) -> SavedView:
    found = views_of(actor, declared).filter(pk=view_id).first()
    if found is None:
        raise errors.NotFound
    return found


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", "").split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable() or name.lower() == ALL:
        raise errors.Invalid(fields={"name": [_("Give a name of 1 to %(limit)s characters.") % {"limit": NAME_LIMIT}]})
    return name


def _question(declared: List, query: str) -> str:
    """The query in its one spelling; one that the list does not understand cannot be saved."""
    text = declared.parse(query).query(without=("cursor", "limit"))
    if len(text) > QUERY_LIMIT:
        raise errors.Invalid(fields={"query": [_("This view has too many filters to be saved.")]})
    return text


def _person(actor: Actor) -> UUID:
    if actor.id is None:
        raise errors.Forbidden
    return actor.id
