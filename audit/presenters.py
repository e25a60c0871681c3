"""Telling an event to a person: its sentence, labels, icon and diff. Nothing here asks the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.filters import CATEGORIES, OUTCOMES, SEVERITIES
from audit.models import Event
from audit.personal import Reading
from audit.services import HIDDEN
from portal.kit import context, errors, registry
from portal.kit.identity import OrganisationRef

# Addresses of the rooms above, which may not be imported: where an object of this model is shown.
PAGES = {"accounts.user": "/platform/people/{}", "maintenance.jobrun": "/platform/jobs/{}"}
ACTOR_PAGES = {"person": PAGES["accounts.user"], "job": PAGES["maintenance.jobrun"]}
SCHEDULE = "schedule "  # How the runner of jobs names itself where a schedule began the run.
ICONS = {
    "authentication": "key",
    "authorisation": "shield",
    "data": "database",
    "system": "settings",
    "security": "lock",
    "administration": "people",
    "billing": "invoice",
    "API": "globe",
}
TONES = {Event.Outcome.DENIED: "warn", Event.Outcome.FAILED: "bad"}
SEVERITY_TONES = {"warning": "warn", "critical": "bad"}


@dataclass(frozen=True)
class Change:
    """One field of a diff. `masked`: that it changed is known, its values were never written. `personal`: readable until
    the person is erased. Of lists, what was `added` and `removed`, and how many words stayed (`kept`)."""

    name: str
    field: str
    before: Any
    after: Any
    masked: bool
    personal: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: int = 0


def here() -> str:
    """The slug of the organisation that the request stands in, as the middleware leaves it in the context."""
    now = context.current()
    found = now.cache.get("organisation") if now is not None else None
    return found.slug if isinstance(found, OrganisationRef) else ""


@dataclass(frozen=True)
class Told:
    """An event with what can still be read of the persons in it; its attributes are what the templates show."""

    row: Event
    reading: Reading
    # Of the organisation on whose pages it is shown; empty on the platform's.
    slug: str = field(default_factory=here)

    @property
    def id(self) -> UUID:
        """The event's id."""
        return self.row.id

    @property
    def code(self) -> str:
        """The registered code; also one of an older version, which no room declares any more."""
        return self.row.code

    @property
    def when(self) -> datetime:
        """When it happened."""
        return self.row.occurred_at

    @property
    def reason(self) -> str:
        """Why, in the words of who did it, or of the rule that refused it."""
        refused = errors.CODES.get(self.row.reason)
        return str(refused.title) if refused is not None else self.row.reason

    @property
    def address(self) -> str | None:
        """The client's network address."""
        return self.row.address

    @property
    def url(self) -> str:
        """The event's own page."""
        return address("event", self.slug, self.row.id)

    @property
    def icon(self) -> str:
        """Name of the sprite part of its category."""
        return ICONS.get(self.row.category, "activity")

    @property
    def outcome_tone(self) -> str:
        """Tone of the chip: only what did not succeed stands out."""
        return TONES.get(Event.Outcome(self.row.outcome), "")

    @property
    def outcome_label(self) -> str:
        """Word of the chip; none for what succeeded."""
        return str(OUTCOMES[self.row.outcome]) if self.outcome_tone else ""

    @property
    def outcome_text(self) -> str:
        """How it ended, also when it succeeded."""
        return str(OUTCOMES[self.row.outcome])

    @property
    def category_text(self) -> str:
        """Word of its category."""
        return str(CATEGORIES.get(self.row.category, self.row.category))

    @property
    def severity_text(self) -> str:
        """Word of its severity."""
        return str(SEVERITIES[self.row.severity])

    @property
    def severity_tone(self) -> str:
        """Tone of the severity; only warnings and worse have one."""
        return SEVERITY_TONES.get(self.row.severity, "")

    @property
    def label(self) -> str:
        """What a list calls it."""
        return self.sentence

    @cached_property
    def sentence(self) -> str:
        """What happened, in a sentence; the bare code where no room declares it (any more)."""
        if self.row.code not in registry.events:
            return self.row.code
        sentence = str(registry.events.get(self.row.code).sentence)
        # Further places are filled from the event's own facts, which are words for people.
        for name, value in {**self._places, **self.row.data, **self._known}.items():
            sentence = sentence.replace(f"{{{name}}}", str(value))
        named = self.row.target_label or "target" in self.reading.values
        # What stands for a name that cannot be read is words of ours, and may begin the sentence; a name stays as it is.
        return sentence if named else sentence[:1].upper() + sentence[1:]

    @property
    def _places(self) -> dict[str, str]:
        """What stands in the places of the sentence that the event's facts do not fill; older events have fewer facts."""
        return {"target": self.target_label or _("something"), "organisation": _("an organisation")}

    @property
    def _known(self) -> dict[str, str]:
        """Facts that are codes of ours, in words."""
        code = self.row.data.get("cleanup")
        return {"cleanup": str(registry.cleanups.get(code).label)} if code in registry.cleanups else {}

    @cached_property
    def actor_label(self) -> str:
        """Who did it."""
        row = self.row
        if row.actor_kind in {"system", "anonymous"} and row.actor_label == row.actor_kind:
            return _("System") if row.actor_kind == "system" else _("Nobody signed in")
        if row.actor_kind == "system" and row.actor_label.startswith(SCHEDULE):
            return _("Schedule “%(name)s”") % {
                "name": _declared("maintenance.schedulestate", row.actor_label.removeprefix(SCHEDULE))
            }
        return self._label("actor", row.actor_label, row.actor_id)

    @cached_property
    def actor_url(self) -> str:
        """The person's or run's page, in an organisation what it did there; empty for whoever has none."""
        page = ACTOR_PAGES.get(self.row.actor_kind)
        return self._page(page, "actor", self.row.actor_id)

    @cached_property
    def behalf_label(self) -> str:
        """On whose behalf; empty when on nobody's."""
        row = self.row
        return self._label("behalf", row.behalf_label, row.behalf_id) if row.behalf_id or row.behalf_label else ""

    @cached_property
    def target_label(self) -> str:
        """What it was done to; empty when to nothing in particular."""
        row = self.row
        return (
            _declared(row.target_type, self._label("target", row.target_label, row.target_id))
            if row.target_type
            else ""
        )

    @cached_property
    def target_url(self) -> str:
        """The target's own page, in an organisation what was done to it there; empty for whatever has none."""
        return self._page(PAGES.get(self.row.target_type), "target", self.row.target_id)

    @cached_property
    def changes(self) -> list[Change]:
        """The diff by field, personal fields last; erased ones are absent."""
        return [self._change(name, before, after) for name, (before, after) in self.raw_changes.items()]

    @cached_property
    def raw_changes(self) -> Mapping[str, Any]:
        """The diff as it was written: {field: [before, after]}."""
        return {**self.row.changes, **self.reading.values.get("changes", {})}

    def is_masked(self, name: str) -> bool:
        """Whether the values of a field were never written, only that it changed."""
        return bool(self.row.changes.get(name) == [HIDDEN, HIDDEN])

    @property
    def erased(self) -> bool:
        """Whether personal parts of it are gone for good."""
        return bool(self.reading.erased)

    @property
    def altered(self) -> bool:
        """Whether personal parts of it are not what was written: evidence of tampering."""
        return bool(self.reading.unreadable)

    def _change(self, name: str, before: Any, after: Any) -> Change:
        masked = self.is_masked(name)
        added = removed = ()
        kept = 0
        if not masked and _is_words(before) and _is_words(after) and (before or after):
            old, new = before or [], after or []
            added, removed = tuple(word for word in new if word not in old), tuple(w for w in old if w not in new)
            kept = len(old) - len(removed)
        personal = name not in self.row.changes
        label = self._field_label(name)
        return Change(name, label, readable(before), readable(after), masked, personal, added, removed, kept)

    def _page(self, page: str | None, part: str, key: UUID | None) -> str:
        if not page or not key:
            return ""
        # The console's pages of people and runs are the platform's own.
        return f"{address('timeline', self.slug)}?{part}={key}" if self.slug else page.format(key)

    def _label(self, role: str, clear: str, subject: UUID | None) -> str:
        if clear:
            return clear
        if role in self.reading.values:
            return str(self.reading.values[role])
        short = subject.hex[-8:] if subject else ""
        erased = self.reading.erased
        # The part may be another person's than the object's own id: a role binding is about its holder.
        if str(subject) in erased or (erased and not self.reading.unreadable):
            return _("erased person %(id)s") % {"id": short}
        return _("unreadable name %(id)s") % {"id": short}

    def _field_label(self, name: str) -> str:
        try:
            field = apps.get_model(self.row.target_type)._meta.get_field(name)
        except (LookupError, ValueError, FieldDoesNotExist):
            return name
        return str(getattr(field, "verbose_name", name)).capitalize()


def address(name: str, slug: str, *values: object) -> str:
    """The address of a page of the trail: the platform's, or with a slug that organisation's."""
    if slug:
        return reverse(f"audit:organisation_{name}", args=[slug, *values])
    return reverse(f"audit:{name}", args=values)


def placed(events: Iterable[Told], slug: str) -> list[Told]:
    """The events with addresses of an organisation's pages; without a slug as they are."""
    return [replace(event, slug=slug) for event in events] if slug else list(events)


def _is_words(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _declared(kind: str, label: str) -> str:
    """Runs and schedules are recorded by the name of their declaration; people read its label."""
    if kind == "maintenance.jobrun" and label in registry.jobs:
        return str(registry.jobs.get(label).label)
    if kind == "maintenance.schedulestate" and label in registry.schedules:
        return str(registry.schedules.get(label).label)
    return label


def readable(value: Any) -> str | None:
    """A value of a diff or of an event's data as text; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)
