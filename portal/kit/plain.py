"""The one helper for plain models: rows whose writes are authorise, validate, write, record, and nothing else.

Declare it beside the model's other services and give them their names:

    _plain = Plain(Announcement, permission="installation:admin", events=("kit.announcement.created", ...), fields=(...))
    announcement_create = _plain.create

A model with a rule of its own gets a service of its own instead.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured, ValidationError
from django.db import IntegrityError, models, transaction

from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Conflict, Invalid, NotFound
from portal.kit.models.base import EVENT
from portal.kit.record import diff, record
from portal.kit.services import writing

M = TypeVar("M", bound=models.Model)


class Events(NamedTuple):
    """The codes of the events that the three writes leave."""

    created: str
    updated: str
    deleted: str


class Plain(Generic[M]):
    """Create, update and delete for one model. `fields` are what may be set; any other name is refused, not ignored."""

    def __init__(self, model: type[M], *, permission: str, events: Events, fields: Iterable[str]) -> None:
        self.model = model
        self.permission = permission
        self.events = events
        self.fields = tuple(fields)
        if getattr(model, "evidence", None) != EVENT:
            raise ImproperlyConfigured(f"{model._meta.label} leaves no event of its own, so it is no plain model.")
        for code in events:
            registry.events.get(code)

    def create(self, *, actor: Actor, values: Mapping[str, Any]) -> M:
        """A new row. Errors: `Forbidden`, `Invalid` with fields, `Conflict` for a row that exists already."""
        authorise(actor, self.permission)
        self._named(values)
        row = self.model(**values)
        self._validate(row)
        with writing():
            self._save(row, force_insert=True)
            record(self.events.created, target=row, changes={name: (None, getattr(row, name)) for name in self.fields})
        return row

    def update(self, *, actor: Actor, row: M, values: Mapping[str, Any]) -> M:
        """Change `values` of a row, under its lock. Unchanged values write nothing and leave no event.

        Errors: `Forbidden`, `Invalid` with fields, `NotFound` when it is gone, `Conflict`.
        """
        authorise(actor, self.permission, row)
        self._named(values)
        with writing():
            row = self._locked(row)
            changes = diff(row, values)
            if not changes:
                return row
            for name, value in values.items():
                setattr(row, name, value)
            self._validate(row)
            self._save(row, update_fields=list(changes))
            record(self.events.updated, target=row, changes=changes)
        return row

    def delete(self, *, actor: Actor, row: M) -> None:
        """Remove a row for good. Errors: `Forbidden`, `NotFound` when it is gone, `Conflict` when others point to it."""
        authorise(actor, self.permission, row)
        with writing():
            row = self._locked(row)
            record(self.events.deleted, target=row, changes={name: (getattr(row, name), None) for name in self.fields})
            try:
                with transaction.atomic():
                    row.delete()
            except (IntegrityError, models.ProtectedError, models.RestrictedError) as error:
                raise Conflict("Other things still refer to this. Take it out of them first.") from error

    def _named(self, values: Mapping[str, Any]) -> None:
        unknown = sorted(set(values) - set(self.fields))
        if unknown:
            raise Invalid(fields={name: ["This cannot be set here."] for name in unknown})

    def _locked(self, row: M) -> M:
        found = self.model._default_manager.select_for_update().filter(pk=row.pk).first()
        if found is None:
            raise NotFound
        return found

    def _validate(self, row: M) -> None:
        try:
            row.full_clean()
        except ValidationError as error:
            raise invalid(error) from error

    def _save(self, row: M, **how: Any) -> None:
        try:
            # A savepoint: a row that another request inserted since the validation must not end this transaction.
            with transaction.atomic():
                row.save(**how)
        except IntegrityError as error:
            raise Conflict("Somebody was quicker with the same values. Look at what is there now.") from error


def invalid(error: ValidationError) -> Invalid:
    """Django's refusal as ours; what belongs to no field becomes the detail."""
    fields = {name: texts for name, texts in error.message_dict.items() if name != NON_FIELD_ERRORS}
    general = error.message_dict.get(NON_FIELD_ERRORS, [])
    return Invalid(" ".join(general) or None, fields=fields)
