"""Roles for a while and broken glass as pages show them, and what one actor may do with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.context import Actor
from rbac.models import Elevation, GlassBreak

HUES = 5
TONES = {"asked": "warn", "approved": "ok", "refused": "bad"}
STAGES = {"live": "bad", "unnoted": "warn", "unreviewed": "warn"}


def minutes_text(minutes: int) -> str:
    """A time in words: minutes below two hours, else hours."""
    if minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def elevation_url(row: Elevation, act: str = "") -> str:
    """The page of a request, or the address of an act upon it."""
    if row.organisation is None:
        return reverse(f"rbac:platform_elevation{act and '_'}{act}", args=[row.pk])
    return reverse(f"rbac:elevation{act and '_'}{act}", args=[row.organisation.slug, row.pk])


@dataclass(frozen=True)
class ElevationRow:
    """One request in a list or head."""

    row: Elevation
    viewer: Actor

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row.pk)

    @property
    def label(self) -> str:
        """Who asked."""
        return str(self.row.user)

    @property
    def role(self) -> str:
        """For which role."""
        return self.row.role_label

    @property
    def place(self) -> str:
        """Where."""
        return self.row.place or _("Whole installation")

    @property
    def url(self) -> str:
        """Its page."""
        return elevation_url(self.row)

    @property
    def hue(self) -> int:
        """Colour of the avatar."""
        return self.row.user_id.int % HUES

    @property
    def picture(self) -> Any:
        """The person's picture."""
        return getattr(self.row.user, "avatar", None)

    @property
    def is_own(self) -> bool:
        """Whether the one who looks asked."""
        return self.row.user_id == self.viewer.id

    @property
    def whose(self) -> str:
        """What stands under the name."""
        return _("You") if self.is_own else self.row.reason

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return TONES.get(self.row.state_now, "")

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return str(Elevation.State(self.row.state_now).label)

    @property
    def lasts(self) -> str:
        """For how long."""
        return minutes_text(self.row.minutes)

    @property
    def reason(self) -> str:
        """Why."""
        return self.row.reason

    @property
    def decided_by(self) -> str:
        """Who decided; empty when nobody did."""
        return str(self.row.decided_by) if self.row.decided_by_id else ""

    @property
    def asked_at(self) -> datetime:
        """When."""
        return self.row.asked_at

    @property
    def until(self) -> datetime | None:
        """When what was approved ends."""
        return self.row.until

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What a page says of it."""
        found: list[dict[str, Any]] = [
            {"label": _("Person"), "value": self.label},
            {"label": _("Role"), "value": self.role},
            {"label": _("Where"), "value": self.place},
            {"label": _("For"), "value": self.lasts},
            {"label": _("Reason"), "value": self.reason},
        ]
        if self.row.state_now == "asked":
            found.append({"label": _("Can be answered until"), "when": self.row.expires_at, "style": "exact"})
        if self.row.until is not None:
            label = _("Ends") if self.row.state_now == "approved" else _("Was to end")
            found.append({"label": label, "when": self.row.until, "style": "exact"})
        return found

    @property
    def steps(self) -> list[dict[str, Any]]:
        """What happened, the first step first."""
        row, now = self.row, self.row.state_now
        found = [_step("mail", _("Asked by %(name)s") % {"name": self.label}, row.asked_at, row.reason)]
        if row.decided_at is not None:
            yes = row.state != Elevation.State.REFUSED
            said = _("Approved by %(name)s") if yes else _("Refused by %(name)s")
            text = said % {"name": self.decided_by}
            found.append(_step("check" if yes else "x-circle", text, row.decided_at, row.words))
        if now == "withdrawn":
            found.append(_step("close", _("Withdrawn"), row.ended_at))
        elif now == "expired":
            found.append(_step("clock", _("Nobody answered"), row.expires_at))
        elif now == "ended":
            early = row.ended_at is not None and row.until is not None and row.ended_at < row.until
            by = _("Ended by %(name)s") % {"name": row.ended_by} if row.ended_by_id else _("Ended early")
            found.append(_step("stop", by if early else _("Its time was over"), row.ended_at if early else row.until))
        elif now == "approved":
            found.append(_step("clock", _("Ends by itself"), row.until, ahead=True))
        return found


def _step(icon: str, text: str, when: datetime | None, words: str = "", *, ahead: bool = False) -> dict[str, Any]:
    return {"icon": icon, "text": text, "when": when, "words": words, "ahead": ahead}


def elevation_rows(actor: Actor, found: Sequence[Elevation]) -> list[ElevationRow]:
    """Rows of a list; no query of their own."""
    return [ElevationRow(row, actor) for row in found]


@dataclass(frozen=True)
class GlassRow:
    """One time that somebody broke the glass."""

    row: GlassBreak

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row.pk)

    @property
    def label(self) -> str:
        """In which organisation."""
        return str(self.row.organisation)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("rbac:glass_break", args=[self.row.pk])

    @property
    def hue(self) -> int:
        """Colour of the mark."""
        return self.row.organisation_id.int % HUES

    @property
    def by(self) -> str:
        """Who."""
        return str(self.row.user)

    @property
    def reason(self) -> str:
        """Why."""
        return self.row.reason

    @property
    def stage_tone(self) -> str:
        """Tone of the chip."""
        return STAGES.get(self.row.stage, "ok" if self.row.verdict == "justified" else "bad")

    @property
    def stage_label(self) -> str:
        """Word of the chip."""
        words = {
            "live": _("Broken now"),
            "unnoted": _("Note is due"),
            "unreviewed": _("Waits for review"),
        }
        return words.get(self.row.stage) or str(GlassBreak.Verdict(self.row.verdict).label)

    @property
    def started_at(self) -> datetime:
        """When."""
        return self.row.started_at

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What a page says of it."""
        row = self.row
        inside = f"/o/{row.organisation.slug}/"
        where: dict[str, Any] = {"label": _("Organisation"), "value": self.label}
        return [
            where | ({"url": inside} if row.is_live else {}),
            {"label": _("By"), "value": self.by},
            {"label": _("Reason"), "value": row.reason},
            {"label": _("Ends") if row.is_live else _("Was to end"), "when": row.expires_at, "style": "exact"},
        ]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """What happened, the first step first."""
        row = self.row
        found = [_step("alert", _("Broken by %(name)s") % {"name": self.by}, row.started_at, row.reason)]
        if row.is_live:
            found.append(_step("clock", _("Ends by itself"), row.expires_at, ahead=True))
            return found
        early = row.ended_at is not None and row.ended_at < row.expires_at
        by = _("Ended by %(name)s") % {"name": row.ended_by} if row.ended_by_id else _("Ended early")
        found.append(_step("stop", by if early else _("Its time was over"), row.ended_at if early else row.expires_at))
        if row.noted_at is not None:
            found.append(_step("edit", _("What was done"), row.noted_at, row.note))
        if row.reviewed_at is not None:
            said = _("%(verdict)s, says %(name)s") % {
                "verdict": GlassBreak.Verdict(row.verdict).label,
                "name": row.reviewed_by,
            }
            found.append(_step("check" if row.verdict == "justified" else "x-circle", said, row.reviewed_at, row.words))
        return found


def glass_rows(actor: Actor, found: Sequence[GlassBreak]) -> list[GlassRow]:
    """Rows of a list; no query of their own."""
    return [GlassRow(row) for row in found]
