"""Access reviews as pages and reports show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.templatetags.kit import count
from rbac import review_selectors as selectors
from rbac.access_selectors import slug_here
from rbac.models import Review, ReviewItem
from rbac.review_selectors import Progress
from rbac.role_presenters import right_label

HUES = 5
MEMBERS_SHOWN = 8


def base_url(actor: Actor) -> str:
    """Where the reviews of where `actor` stands are."""
    return f"/o/{slug_here(actor)}/reviews" if actor.organisation_id is not None else "/platform/reviews"


def items_text(number: int) -> str:
    """So many items, in words."""
    return ngettext("%(n)s item", "%(n)s items", number) % {"n": count(number)}


def state_of(review: Review) -> tuple[str, str]:
    """Tone and word of where a review stands."""
    if review.state == Review.State.CLOSED:
        return "ok", _("Closed")
    if review.state == Review.State.CLOSING or review.due_at <= clock.now():
        return "info", _("Closing")
    return "warn", _("Running")


def reviewers_label(kind: str) -> str:
    """Who decides, in words."""
    return {
        "owners": _("Owners"),
        "givers": _("Whoever gave it"),
        "person": _("One named person"),
    }[kind]


def undecided_label(rule: str) -> str:
    """What becomes of the undecided, in words."""
    return _("Kept") if rule == Review.Undecided.KEEP else _("Revoked")


def about(review: Review) -> str:
    """What a review is about, in words."""
    where = review.place_name or (_("All access") if review.organisation_id else _("The installation"))
    if review.role_names:
        return _("%(place)s: %(roles)s") % {"place": where, "roles": ", ".join(review.role_names)}
    return where


@dataclass(frozen=True)
class ReviewRow:
    """One review in a list."""

    review: Review
    progress: Progress
    base: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.review.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.review.name

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.base}/{self.review.pk}"

    @property
    def about(self) -> str:
        """What it is about."""
        return about(self.review)

    @property
    def tone(self) -> str:
        """Tone of the chip."""
        return state_of(self.review)[0]

    @property
    def state(self) -> str:
        """Word of the chip."""
        return state_of(self.review)[1]

    @property
    def decided(self) -> str:
        """How many of how many are decided."""
        return _("%(n)s of %(all)s") % {"n": count(self.progress.decided), "all": count(self.progress.total)}

    @property
    def revoked(self) -> int:
        """How many are to be, or were, revoked."""
        return self.progress.revoked

    @property
    def due_at(self) -> datetime:
        """When it ends."""
        return self.review.due_at

    @property
    def created_at(self) -> datetime:
        """When it started."""
        return self.review.created_at


def review_rows(actor: Actor, found: Sequence[Review]) -> list[ReviewRow]:
    """Rows of a list; one query for all numbers."""
    counted, base = selectors.progress(found), base_url(actor)
    return [ReviewRow(review, counted.get(review.pk, Progress()), base) for review in found]


def facts(review: Review, names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """What is known of a review."""
    decide = reviewers_label(review.reviewers)
    if review.reviewer_id is not None:
        decide = names.get(review.reviewer_id, decide)
    days = get_text_list([str(day) for day in review.remind_days], _("and"))
    started = {"label": _("Started"), "when": review.created_at, "style": "exact"}
    if review.started_by is not None:
        started["note"] = _("by %(name)s") % {"name": names.get(review.started_by, _("somebody who is gone"))}
    found: list[dict[str, Any]] = [
        {"label": _("About"), "value": about(review)},
        {"label": _("Decided by"), "value": decide},
        {"label": _("Due"), "when": review.due_at, "style": "exact"},
        {"label": _("Undecided at the end"), "value": undecided_label(review.undecided)},
        {
            "label": _("A decision counts"),
            "value": _("at once") if review.applies == Review.Applies.AT_ONCE else _("at the end"),
        },
        {"label": _("Reminders"), "value": _("%(days)s days before") % {"days": days} if days else _("none")},
        started,
    ]
    if review.closed_at is not None:
        found.append({"label": _("Closed"), "when": review.closed_at, "style": "exact"})
        if review.closed_by is not None:
            found[-1]["note"] = _("by %(name)s") % {"name": names.get(review.closed_by, _("somebody who is gone"))}
    return found


def decision_chip(item: ReviewItem) -> tuple[str, str]:
    """Tone and word of what was decided and became of it."""
    outcome = ReviewItem.Outcome
    if item.outcome == outcome.FAILED:
        return "bad", _("Could not be revoked")
    if item.outcome == outcome.CHANGED:
        return "warn", _("Changed meanwhile")
    if item.outcome == outcome.GONE:
        return "", _("Gone before")
    if item.decision == ReviewItem.Decision.REVOKE:
        return "bad", _("Revoked") if item.outcome else _("To be revoked")
    if item.decision == ReviewItem.Decision.KEEP:
        return "ok", _("Kept by rule") if item.by_rule else _("Kept")
    return "warn", _("Undecided")


def item_label(item: ReviewItem) -> str:
    """The role, or the right in words."""
    return item.label if item.role_id is not None else right_label(item.label)


def holder_label(item: ReviewItem, names: Mapping[UUID, str]) -> str:
    """Who holds it."""
    if item.person_id is not None:
        return names.get(item.person_id, _("Somebody who is gone"))
    if item.team_id is not None:
        return _("Team %(name)s") % {"name": item.team_name}
    return _("Everybody here")


def item_rows(found: Sequence[ReviewItem], *, decidable: bool = False) -> list[dict[str, Any]]:
    """Items as rows; `decidable`: for their reviewer, while the review runs. Four queries."""
    names, marks = selectors.names_in(found), selectors.marks(found)
    return [_item_row(item, names, marks.get(item.pk, ""), decidable=decidable) for item in found]


def _item_row(item: ReviewItem, names: Mapping[UUID, str], mark: str, *, decidable: bool) -> dict[str, Any]:
    states: list[tuple[str, str]] = []
    if item.effect == "deny":
        states.append(("bad", _("Denied")))
    if item.conditions:
        states.append(("info", _("On conditions")))
    if mark:
        states.append(("warn", _("Gone") if mark == "gone" else _("Changed since")))
    members = [names[key] for key in item.members[:MEMBERS_SHOWN] if key in names]
    open_ = decidable and not item.is_settled
    undecided = item.decision == ""
    return {
        "id": str(item.pk),
        "holder": holder_label(item, names),
        "hue": (item.person_id or item.pk).int % HUES,
        "glyph": "" if item.person_id is not None else "people",
        "what": item_label(item),
        "place": item.place_name,
        "members": ", ".join(members),
        "more_members": max(0, len(item.members) - len(members)),
        "given": item.given_at,
        "given_by": names.get(item.given_by, "") if item.given_by is not None else "",
        "reason": item.reason,
        "ends": item.expires_at,
        "states": states,
        "chip": decision_chip(item),
        "undecided": undecided,
        "decided_by": names.get(item.decided_by, "") if item.decided_by is not None else "",
        "decided_at": item.decided_at,
        "words": item.words,
        "outcome_text": item.outcome_text,
        "waits_for": [names[key] for key in item.reviewers[:3] if key in names] if undecided else [],
        "keep": open_ and item.decision != ReviewItem.Decision.KEEP,
        "dialog": f"revoke-{item.pk}" if open_ and item.decision != ReviewItem.Decision.REVOKE else "",
        "hidden": [("items", str(item.pk)), ("decision", "revoke")],
        "is_membership": item.is_membership,
    }


def report_columns() -> list[str]:
    """The heads of a report's table, in the reader's language."""
    return [
        _("Holder"),
        _("Team members"),
        _("Role or right"),
        _("Effect"),
        _("Where"),
        _("Given"),
        _("Given by"),
        _("Reason"),
        _("Ends"),
        _("Decision"),
        _("Decided by"),
        _("Decided"),
        _("Words"),
        _("Outcome"),
        _("Because"),
    ]


def report_rows(found: Sequence[ReviewItem]) -> list[list[str]]:
    """Who had what, who decided what when, and what became of it, as texts; one query."""
    names = selectors.names_in(found)
    return [_report_row(item, names) for item in found]


def _report_row(item: ReviewItem, names: Mapping[UUID, str]) -> list[str]:
    words = {"": _("undecided"), "keep": _("keep"), "revoke": _("revoke")}
    by = _("by rule") if item.by_rule else ""
    if item.decided_by is not None:
        by = names.get(item.decided_by, str(item.decided_by))
    return [
        holder_label(item, names),
        ", ".join(names.get(key, str(key)) for key in item.members),
        item_label(item),
        _("deny") if item.effect == "deny" else _("allow"),
        item.place_name,
        moment(item.given_at),
        names.get(item.given_by, "") if item.given_by is not None else "",
        item.reason,
        moment(item.expires_at),
        words[item.decision],
        by,
        moment(item.decided_at),
        item.words,
        decision_chip(item)[1],
        item.outcome_text,
    ]


def moment(value: datetime | None) -> str:
    """A time to the minute in the reader's zone; empty for none."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M") if value is not None else ""
