"""Registering many resources in a fixed number of statements; the working part of `services.resources`."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise, check_many
from portal.kit.errors import Forbidden
from portal.kit.record import record_many
from portal.kit.services import writing
from rbac import decision
from rbac.errors import WorkspaceArchived
from rbac.models import Resource, Scope, Workspace
from rbac.resource_rows import ATTRIBUTES, ATTRIBUTES_BYTES, KEEP, Known, Place, ResourceRow, type_key
from rbac.services.keepers import rights_hold
from rbac.tree_rules import check

Changes = dict[str, tuple[Any, Any]]
Told = list[tuple[Resource, Changes]]


class Batch:
    """The rows of one call: what is there of them, what is to be made, changed and moved."""

    def __init__(self, actor: Actor, organisation_id: UUID, rows: Sequence[ResourceRow]) -> None:
        self.actor, self.organisation_id, self.rows = actor, organisation_id, rows
        self.wrong: dict[str, list[str]] = {}
        self.results: list[tuple[Resource, bool]] = []
        self.new: list[tuple[Resource, UUID]] = []
        self.changed: Told = []
        self.moves: list[tuple[Resource, UUID]] = []
        self.opened: dict[bool, Told] = {True: [], False: []}

    def write(self) -> None:
        """Do all of it, or raise; called inside `writing()`."""
        self._check()
        # Before any row: two branches that are moved into each other at once would wait for each other. And whoever
        # loses the right meanwhile is refused below.
        rights_hold(scope_id=self.organisation_id)
        self.there = self._there()
        self._plan()
        self._authorise()
        self._save()
        self._record()
        decision.mark_changed()

    def _refuse(self, place: int, field: str, text: str) -> None:
        self.wrong.setdefault(f"items.{place}.{field}", []).append(text)

    def _check(self) -> None:
        """What can be told without the database."""
        seen: set[Known] = set()
        for place, row in enumerate(self.rows):
            if row.known in seen:
                self._refuse(place, "external_id", _("This resource stands in the list twice."))
            seen.add(row.known)
            try:
                check(_draft(row, self.organisation_id), ("name", "external_id"))
            except errors.Invalid as error:
                for field, texts in error.fields.items():
                    self.wrong[f"items.{place}.{field}"] = list(texts)
            if row.attributes is not None:
                size = len(json.dumps(row.attributes))
                if len(row.attributes) > ATTRIBUTES or size > ATTRIBUTES_BYTES:
                    self._refuse(place, "attributes", _("Send at most 50 attributes, 16 KB in all."))
        if self.wrong:
            raise errors.Invalid(fields=self.wrong)

    def _there(self) -> dict[Known, Resource]:
        """The resources that the rows name, as things or as places; held, in one order for everybody."""
        names = {row.external_id for row in self.rows}
        names |= {row.place[1] for row in self.rows if isinstance(row.place, tuple)}
        rows = Resource.objects.select_for_update(of=("self",), no_key=True).select_related("type__application")
        found = rows.filter(organisation_id=self.organisation_id, external_id__in=names).order_by("pk")
        return {(type_key(one.type), one.external_id): one for one in found}

    def _plan(self) -> None:
        ids = [row.place for row in self.rows if isinstance(row.place, UUID)]
        places = set(
            Scope.objects.filter(pk__in=ids, organisation_id=self.organisation_id).values_list("pk", flat=True)
        )
        known = {row.known for row in self.rows} & self.there.keys()
        parents = dict(
            Scope.objects.filter(pk__in=[self.there[one].pk for one in known]).values_list("pk", "parent_id")
        )
        self.parents = parents
        for place, row in enumerate(self.rows):
            above = self._place(place, row.place, places)
            found = self.there.get(row.known)
            if found is None:
                made = _draft(row, self.organisation_id)
                self.there[row.known] = made  # What comes after it may stand below it.
                self.new.append((made, above or self.organisation_id))
                self.results.append((made, True))
            else:
                self._differences(row, found)
                if above is not None and parents[found.pk] != above:
                    self.moves.append((found, above))
                self.results.append((found, False))
        if self.wrong:
            raise errors.Invalid(fields=self.wrong)
        self._archived({above for _row, above in (*self.new, *self.moves)})

    def _place(self, number: int, place: Any, places: set[UUID]) -> UUID | None:
        """The node that it shall stand below; None to leave it where it is."""
        asked: Place = None if place is KEEP else place
        if place is KEEP:
            return None
        if asked is None:
            return self.organisation_id
        if isinstance(asked, tuple):
            above = self.there.get(asked)
            if above is not None:
                return above.pk
        elif asked in places:
            return asked
        self._refuse(number, "parent", _("There is no such place, or it comes later in the list."))
        return None

    def _archived(self, places: set[UUID]) -> None:
        held = Workspace.objects.select_for_update(no_key=True).filter(pk__in=places).order_by("pk")
        if any(workspace.archived_at is not None for workspace in held):
            raise WorkspaceArchived

    def _differences(self, row: ResourceRow, found: Resource) -> None:
        changes: Changes = {}
        if row.name.strip() != found.name:
            changes["name"] = (found.name, row.name.strip())
        if row.attributes is not None and dict(row.attributes) != found.attributes:
            changes["attributes"] = (found.attributes, dict(row.attributes))
        for field, (_before, after) in changes.items():
            setattr(found, field, after)
        if changes:
            self.changed.append((found, changes))
        if row.is_public is not None and row.is_public != found.is_public:
            self.opened[row.is_public].append((found, {"is_public": (found.is_public, row.is_public)}))
            found.is_public = row.is_public

    def _authorise(self) -> None:
        """The right to change each that changes, and to register where something comes to stand."""
        touched = {row.pk: row for row, _told in (*self.changed, *self.moves, *self.opened[True], *self.opened[False])}
        if not all(check_many(self.actor, [("resource:update", row) for row in touched.values()])):
            raise Forbidden
        fresh = {row.pk for row, _above in self.new}
        places = {above for _row, above in (*self.new, *self.moves)} - fresh
        if self.organisation_id in places:
            authorise(self.actor, "resource:create")
        resources = [row for row in self.there.values() if row.pk in places]
        others = places - {row.pk for row in resources} - {self.organisation_id}
        nodes = [
            *resources,
            *Workspace.objects.filter(pk__in=others),
            *Resource.objects.filter(pk__in=others),
        ]
        if not all(check_many(self.actor, [("resource:create", node) for node in nodes])):
            raise Forbidden

    def _save(self) -> None:
        with writing():
            Scope.objects.bulk_create(
                Scope(id=row.pk, kind=Scope.Kind.RESOURCE, parent_id=above, organisation_id=self.organisation_id)
                for row, above in self.new
            )
            Resource.objects.bulk_create(row for row, _above in self.new)
            touched = {row.pk: row for row, _told in (*self.changed, *self.opened[True], *self.opened[False])}
            for row in touched.values():
                row.updated_at = clock.now()
            if touched:
                Resource.objects.bulk_update(touched.values(), ["name", "attributes", "is_public", "updated_at"])
            for row, above in self.moves:
                Scope.objects.filter(pk=row.pk).update(parent_id=above)

    def _record(self) -> None:
        made: Told = [
            (
                row,
                {"name": (None, row.name), "external_id": (None, row.external_id), "is_public": (None, row.is_public)},
            )
            for row, _above in self.new
        ]
        moved: Told = [(row, {"place": (str(self.parents[row.pk]), str(above))}) for row, above in self.moves]
        for code, told in (
            ("rbac.resource.registered", made),
            ("rbac.resource.updated", self.changed),
            ("rbac.resource.moved", moved),
            ("rbac.resource.published", self.opened[True]),
            ("rbac.resource.unpublished", self.opened[False]),
        ):
            if told:
                record_many(code, told)


def _draft(row: ResourceRow, organisation_id: UUID) -> Resource:
    return Resource(
        organisation_id=organisation_id,
        type=row.type,
        external_id=row.external_id,
        name=row.name.strip(),
        attributes=dict(row.attributes or {}),
        is_public=bool(row.is_public),
    )
