"""Runs of host products in the words of the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.templatetags.kit import count
from rbac import run_selectors as selectors
from rbac.models import Run
from rbac.tree_presenters import node_url

State = Run.State
TONES = {"queued": "info", "running": "info", "succeeded": "ok", "failed": "bad", "cancelled": "none", "lost": "warn"}


def run_url(slug: str, run: Run) -> str:
    """The page of a run."""
    return reverse("rbac:run", args=[slug, run.pk])


def state_of(run: Run) -> tuple[str, str]:
    """Tone and word of the chip; one that was asked to stop says so."""
    if run.is_live and run.cancel_asked_at is not None:
        return "warn", _("Asked to stop")
    return TONES[run.state], str(State(run.state).label)


def counts(run: Run) -> str:
    """How far it is, in numbers."""
    if run.total:
        return _("%(done)s of %(total)s") % {"done": count(run.done), "total": count(run.total)}
    return count(run.done) if run.done else ""


@dataclass(frozen=True)
class RunRow:
    """One run in a list."""

    run: Run

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.run.pk)

    @property
    def label(self) -> str:
        """Its name, or what the product calls it."""
        return str(self.run)

    @property
    def external_id(self) -> str:
        """What the product calls it."""
        return self.run.external_id

    @property
    def url(self) -> str:
        """Its page."""
        return run_url(self.run.resource.organisation.slug, self.run)

    @property
    def resource_label(self) -> str:
        """What it is a run of."""
        return self.run.resource.name

    @property
    def type_label(self) -> str:
        """What kind of thing that is."""
        return self.run.resource.type.label

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return state_of(self.run)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return state_of(self.run)[1]

    @property
    def progress(self) -> str:
        """How far it is."""
        return counts(self.run)

    @property
    def seconds(self) -> float | None:
        """How long it runs or ran."""
        return None if self.run.elapsed is None else self.run.elapsed.total_seconds()

    @property
    def created_at(self) -> datetime:
        """When the product first told of it."""
        return self.run.created_at


def run_rows(actor: Actor, found: Sequence[Run]) -> list[RunRow]:
    """Rows of a list; no query of their own."""
    return [RunRow(run) for run in found]


def run_page(actor: Actor, run: Run) -> dict[str, Any]:
    """Everything that the page of a run and its live part show; two queries, and the decision."""
    slug = run.resource.organisation.slug
    names = selectors.names_of([run.started_by, run.cancel_asked_by])
    tone, label = state_of(run)
    may_cancel = run.is_live and run.cancel_asked_at is None and can(actor, "resource:execute", run.resource).allowed
    url = run_url(slug, run)
    return {
        "version": f"{run.state}-{run.done}-{run.lines_count}-{run.cancel_asked_at or ''}-{run.seen_at.timestamp()}",
        "title": str(run),
        "resource": run.resource.name,
        "resource_url": node_url(slug, run.resource),
        "state": run.state,
        "state_tone": tone,
        "state_label": label,
        "phase": run.phase,
        "message": run.message,
        "progress_value": run.done,
        "progress_max": run.total or None,
        "progress_percent": min(100, run.done * 100 // run.total) if run.total else None,
        "counts_text": counts(run),
        "left_text": _left(run),
        "facts": _facts(run, slug, names),
        "log": [_line(line) for line in selectors.lines_tail(run)] if run.lines_count else [],
        "log_text": _log_text(run),
        "asked": run.is_live and run.cancel_asked_at is not None,
        "can_cancel": may_cancel,
        "cancel_url": f"{url}/cancel",
        "events_url": f"/o/{slug}/audit?target={run.pk}" if can(actor, "audit:read") else "",
        "live_url": f"{url}/live",
        "done": not run.is_live,
    }


def _line(line: Any) -> dict[str, str]:
    return {
        "time": timezone.localtime(line.written_at).strftime("%H:%M:%S"),
        "level": "" if line.level == "info" else line.level,
        "text": line.text,
    }


def _log_text(run: Run) -> str:
    if run.lines_count <= selectors.TAIL:
        return ""
    return _("The last %(shown)s of %(all)s lines.") % {"shown": count(selectors.TAIL), "all": count(run.lines_count)}


def _left(run: Run) -> str:
    if run.state != State.RUNNING or not run.total or not run.done or run.elapsed is None or run.done >= run.total:
        return ""
    left = int(run.elapsed.total_seconds() / run.done * (run.total - run.done))
    if left < 60:
        return _("Less than a minute left")
    return ngettext("About %(n)d minute left", "About %(n)d minutes left", left // 60) % {"n": left // 60}


def _who(person: UUID | None, names: dict[UUID, str]) -> str:
    return _("the system") if person is None else names.get(person, _("somebody who is gone"))


def _facts(run: Run, slug: str, names: dict[UUID, str]) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Resource"), "value": run.resource.name, "url": node_url(slug, run.resource)},
        {"label": _("Type"), "value": run.resource.type.label},
        {"label": _("Told by"), "value": _who(run.started_by, names)},
        {"label": _("Told of"), "when": run.created_at},
    ]
    if run.started_at is not None:
        facts.append({"label": _("Started"), "when": run.started_at})
    if run.elapsed is not None:
        facts.append({"label": _("Took") if run.finished_at else _("Elapsed"), "seconds": run.elapsed.total_seconds()})
    if run.cancel_asked_at is not None:
        who = _who(run.cancel_asked_by, names)
        facts.append({"label": _("Asked to stop"), "when": run.cancel_asked_at, "note": who})
    return [
        *facts,
        {"label": _("Last heard of"), "when": run.seen_at},
        {"label": _("Id in the product"), "value": run.external_id, "mono": True},
        {"label": _("Run id"), "value": str(run.pk), "mono": True},
    ]
