"""Looking first: what a clean-up, one of the seven kinds, or everything would remove, and the token that confirms just that.

The token carries the cut-offs that were counted with, and who looked. It is good for half an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils.translation import gettext_lazy as _

from maintenance.cleaning.files import OldFiles
from maintenance.cleaning.found import Found, Way
from maintenance.cleaning.keeping import cutoff_of, least_hours
from maintenance.cleaning.partitions import OldPartitions
from maintenance.cleaning.rows import TableRows
from maintenance.cleaning.vacuum import Vacuuming
from maintenance.errors import NotConfirmed, PreviewStale
from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.registry import Cleanup, Emptied, Files, Orphans, Partitions, Rows, Text, Vacuum

PREVIEW_VALID = timedelta(minutes=30)
EVERYTHING = "all"
WORD = "everything"  # What has to be typed before all of them run.
GUARDED = 1_000  # Rows; below that, a share of the table says nothing.
_SALT = "steward.cleanup"
WAYS: Mapping[type, type[Way]] = {
    Rows: TableRows,
    Emptied: TableRows,
    Orphans: TableRows,
    Partitions: OldPartitions,
    Files: OldFiles,
    Vacuum: Vacuuming,
}
# The kinds that are always there, in the order of the page.
CATEGORIES: Mapping[str, tuple[Text, Text]] = {
    "activity-logs": (
        _("Activity logs"),
        _("What pages, programs and notices left behind. The audit trail itself is archived, never cleaned."),
    ),
    "orphaned-data": (_("Orphaned data"), _("Rows that belong to something that is gone.")),
    "temp-files": (
        _("Temporary files"),
        _("Files and drafts that were needed for a day, and uploads nobody came back for."),
    ),
    "execution-logs": (
        _("Execution logs"),
        _("Log lines of old jobs, then the jobs themselves, and mails that went out."),
    ),
    "database-vacuum": (
        _("Database vacuum"),
        _("Makes the space of deleted rows free again and takes statistics anew. Nothing is deleted."),
    ),
    "expired-sessions": (_("Expired sessions"), _("Sign-ins, links and invitations that open nothing any more.")),
}


@dataclass(frozen=True)
class Preview:
    """What a clean-up would remove now."""

    cleanup: Cleanup
    cutoff: datetime
    found: Found
    token: str

    @property
    def count(self) -> int:
        """How many rows, files or tables."""
        return self.found.count

    @property
    def size(self) -> int:
        """About how many bytes."""
        return self.found.size

    @property
    def sample(self) -> list[list[Any]]:
        """A few of them, the oldest or largest first."""
        return self.found.sample

    @property
    def unit(self) -> str:
        """What is counted."""
        return WAYS[type(self.cleanup.how)].unit

    @property
    def guarded(self) -> bool:
        """Whether so much would go that a person must type the name first."""
        return self.count > GUARDED and self.found.share > self.cleanup.max_share


@dataclass(frozen=True)
class Overview:
    """What several clean-ups would remove, one after the other."""

    name: str
    label: Text
    text: Text
    previews: Sequence[Preview]
    token: str

    @property
    def word(self) -> str:
        """What must be typed; empty where pressing the button is enough."""
        if self.name == EVERYTHING:
            return WORD
        return self.name if any(preview.guarded for preview in self.previews) else ""


def way_of(spec: Cleanup, cutoff: datetime) -> Way:
    """The way of cleaning that is declared."""
    return WAYS[type(spec.how)](spec, cutoff)


def preview(*, actor: Actor, name: str, hours: int | None = None) -> Preview:
    """Count, estimated bytes and a few of what would go; `hours`: another age than the one that is set.

    `Invalid` below the floor. Changes nothing.
    """
    spec = registry.cleanups.get(name)
    authorise(actor, spec.permission)
    cutoff = cutoff_of(spec, hours)
    token = _token(actor, name, [(name, cutoff)])
    return Preview(spec, cutoff, way_of(spec, cutoff).look(), token)


def members(name: str) -> list[Cleanup]:
    """The clean-ups of a kind, or all; `NotFound` for a name that is neither."""
    if name != EVERYTHING and name not in CATEGORIES:
        raise NotFound
    order = list(CATEGORIES)
    found = [spec for spec in registry.cleanups if name in {EVERYTHING, spec.category}]
    return sorted(found, key=lambda spec: order.index(spec.category))


def takes_age(spec: Cleanup) -> bool:
    """Whether an age means anything to it."""
    return not isinstance(spec.how, Vacuum)


def overview(*, actor: Actor, name: str, hours: int | None = None) -> Overview:
    """The previews of a kind (`temp-files` ...) or of `all`, with one token for them together."""
    specs = members(name)
    lowest = min((spec for spec in specs if takes_age(spec)), key=lambda spec: spec.least, default=None)
    if hours is not None and lowest is not None:
        cutoff_of(lowest, hours)  # Below the floor of all of them it is refused; others of the kind keep to their own.
    previews = [
        preview(
            actor=actor,
            name=spec.name,
            hours=max(hours, least_hours(spec)) if hours is not None and takes_age(spec) else None,
        )
        for spec in specs
    ]
    label, text = CATEGORIES.get(name, (_("Everything"), _("All clean-ups, one after the other, vacuum last.")))
    if name == EVERYTHING:
        # Space is made free after everything else has gone.
        previews.sort(key=lambda found: isinstance(found.cleanup.how, Vacuum))
    token = _token(actor, name, [(found.cleanup.name, found.cutoff) for found in previews])
    return Overview(name, label, text, previews, token)


def word_of(found: Preview) -> str:
    """What must be typed before this clean-up runs; empty where pressing the button is enough."""
    return found.cleanup.name if found.guarded else ""


def _token(actor: Actor, name: str, cutoffs: Sequence[tuple[str, datetime]]) -> str:
    items = [[each, cutoff.isoformat()] for each, cutoff in cutoffs]
    return signing.dumps({"name": name, "items": items, "actor": str(actor.id)}, salt=_SALT)


def confirmed(*, actor: Actor, name: str, token: str, word: str = "") -> dict[str, Any]:
    """The job's arguments for a confirmed preview of a clean-up, a kind or all.

    `PreviewStale` when the token is old, of another person or another preview; `NotConfirmed` when the name must be
    typed (so much would go, or everything) and is not.
    """
    items = _opened(actor, name, token)
    needed = _needed(name, items)
    if needed and word.strip() != needed:
        raise NotConfirmed(fields={"confirm": [NotConfirmed.sentence % {"word": needed}]})
    return arguments(name, items)


def counted_again(*, actor: Actor, name: str, token: str) -> list[Preview]:
    """What the confirmed preview would remove now, with the cut-offs that it was made with; `PreviewStale` as above."""
    return [Preview(spec, cutoff, way_of(spec, cutoff).look(), token) for spec, cutoff in _opened(actor, name, token)]


def _opened(actor: Actor, name: str, token: str) -> list[tuple[Cleanup, datetime]]:
    """The clean-ups and cut-offs of a token that is this person's, for this, and not old."""
    try:
        value = signing.loads(token, salt=_SALT, max_age=PREVIEW_VALID)
    except signing.BadSignature as error:
        raise PreviewStale from error
    if value["name"] != name or value["actor"] != str(actor.id):
        raise PreviewStale
    items = [(spec, datetime.fromisoformat(cutoff)) for spec, cutoff in _known(value["items"])]
    for spec, _cutoff in items:
        authorise(actor, spec.permission)
    return items


def arguments(name: str, items: Sequence[tuple[Cleanup, datetime]]) -> dict[str, Any]:
    """The job's arguments. `sure`: a person has seen how much goes, so the guard of shares does not ask again."""
    if name in registry.cleanups:
        return {"cleanup": name, "cutoff": items[0][1].isoformat(), "sure": True}
    told = [{"cleanup": spec.name, "cutoff": cutoff.isoformat()} for spec, cutoff in items]
    return {"group": name, "items": told, "sure": True}


def _known(items: Sequence[tuple[str, str]]) -> list[tuple[Cleanup, str]]:
    if any(each not in registry.cleanups for each, _cutoff in items):
        raise PreviewStale
    return [(registry.cleanups.get(each), cutoff) for each, cutoff in items]


def _needed(name: str, items: Sequence[tuple[Cleanup, datetime]]) -> str:
    """The word, counted anew: the share may have grown since the preview."""
    if name == EVERYTHING:
        return WORD
    guarded = any(
        Preview(spec, cutoff, way_of(spec, cutoff).look(), "").guarded
        for spec, cutoff in items
        if spec.max_share < 100 and not isinstance(spec.how, Vacuum)
    )
    return name if guarded else ""
