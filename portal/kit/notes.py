"""Notes on things: read and written by whoever may change the thing, and never part of the trail's diffs."""

from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.models import Note
from portal.kit.record import record
from portal.kit.services import writing

LIMIT = 4000  # Characters of one note.
SHOWN = 100  # The newest notes of one object; whoever needs more needs another tool.
MODERATE = "installation:admin"  # Takes away what others wrote.


def notes_of(actor: Actor, target: Model, code: str) -> list[Note]:
    """The newest notes on `target`, newest first; none unless `actor` holds `code` (the right to change it) on it.

    Where an organisation is named these are its own notes, elsewhere those of the staff.
    """
    if not can(actor, code, target):
        return []
    return list(_on(actor, target).select_related("author").order_by("-id")[:SHOWN])


def note_add(*, actor: Actor, target: Model, code: str, text: str) -> Note:
    """Leave a note on `target`. Event `kit.note.added` about the target, without the text; `code` is demanded on it.

    `Invalid` (field `text`) for an empty or too long one.
    """
    authorise(actor, code, target)
    if actor.id is None:
        raise Forbidden
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text or len(text) > LIMIT:
        raise Invalid(fields={"text": [_("Write 1 to %(limit)d characters.") % {"limit": LIMIT}]})
    with writing():
        note = Note.objects.create(
            organisation_id=actor.organisation_id,
            object_kind=target._meta.label_lower,
            object_id=target.pk,
            text=text,
            author_id=actor.id,
        )
        record("kit.note.added", target=target, data={"note": str(note.pk)})
    return note


def note_delete(*, actor: Actor, target: Model, code: str, note_id: UUID) -> None:
    """Take a note away: its author's own, or anybody's for who runs the installation. Event `kit.note.deleted`.

    `NotFound` when it is not (any more) a note on `target`, `Forbidden` for another's.
    """
    authorise(actor, code, target)
    with writing():
        note = _on(actor, target).select_for_update().filter(pk=note_id).first()
        if note is None:
            raise NotFound
        if not may_delete(actor, note):
            raise Forbidden(_("Only who wrote a note takes it away."))
        note.delete()
        record("kit.note.deleted", target=target, data={"note": str(note_id)})


def may_delete(actor: Actor, note: Note) -> bool:
    """Whether `actor` may take the note away."""
    return actor.id == note.author_id or bool(can(actor, MODERATE))


def notes_purge(*, object_id: UUID) -> int:
    """Remove every note on an object that goes; part of that service, which records it. Returns how many."""
    with writing():
        return Note.objects.filter(object_id=object_id).delete()[0]


def _on(actor: Actor, target: Model) -> QuerySet[Note]:
    rows = Note.objects.filter(object_kind=target._meta.label_lower, object_id=target.pk)
    if actor.organisation_id is None:
        return rows.filter(organisation=None)
    return rows.filter(organisation_id=actor.organisation_id)
