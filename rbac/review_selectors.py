"""Reads about access reviews: for who runs them, and for the reviewers what is theirs to decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import NotFound
from rbac.access_selectors import people_here, place_names, places_here, roles_here
from rbac.models import Review, ReviewItem, Role, Scope
from rbac.previews import names_of
from rbac.review_snapshot import (
    MOST_ITEMS,
    ReviewDraft,
    has_changed,
    held_now,
    reviewers_of_last_resort,
    snapshot,
)
from rbac.selectors import platform_roles

RUN, RUN_PLATFORM = "role:assign", "role:admin"  # Who runs reviews, in an organisation and on the installation.
SEEN_BY = "member:read"


def running_code(actor: Actor) -> str:
    """The right to run reviews where `actor` stands."""
    return RUN if actor.organisation_id is not None else RUN_PLATFORM


def deciding_code(actor: Actor) -> str:
    """The right to be somebody who decides items where `actor` stands."""
    return SEEN_BY if actor.organisation_id is not None else RUN_PLATFORM


def _here(actor: Actor) -> Q:
    """What belongs to where `actor` stands, and to nobody else."""
    return Q(organisation_id=actor.organisation_id) if actor.organisation_id else Q(organisation=None)


def reviews(actor: Actor) -> QuerySet[Review]:
    """The reviews of where `actor` stands: of an organisation (`role:assign`), else of the installation (`role:admin`)."""
    return Review.objects.visible_to(actor, running_code(actor)).filter(_here(actor))


def review_here(actor: Actor, review_id: UUID) -> Review:
    """One of them; `NotFound` for any other."""
    found = reviews(actor).filter(pk=review_id).first()
    if found is None:
        raise NotFound
    return found


def items(actor: Actor, review: Review) -> QuerySet[ReviewItem]:
    """Everything that a review is about, for who runs it."""
    return ReviewItem.objects.visible_to(actor, running_code(actor)).filter(review=review)


def _own(actor: Actor) -> QuerySet[ReviewItem]:
    rows = ReviewItem.objects.visible_to(actor, deciding_code(actor)).filter(_here(actor))
    return rows.filter(reviewers__contains=[actor.id]) if actor.id is not None else rows.none()


def own_items(actor: Actor, review: Review) -> QuerySet[ReviewItem]:
    """What `actor` decides in a review."""
    return _own(actor).filter(review=review)


def waiting_items(actor: Actor) -> QuerySet[ReviewItem]:
    """What waits for the word of `actor` in running reviews."""
    return _own(actor).filter(decision="", review__state=Review.State.RUNNING)


def items_for(actor: Actor, review_id: UUID) -> QuerySet[ReviewItem]:
    """All items of a review for who runs reviews here, else what `actor` decides in it; `NotFound` without any."""
    if can(actor, running_code(actor)):
        return items(actor, review_here(actor, review_id)).select_related("review")
    return own_items(actor, own_review(actor, review_id)).select_related("review")


def own_reviews(actor: Actor) -> list[Review]:
    """The reviews in which something is, or was, for `actor` to decide: running ones first, then by due date."""
    rows = Review.objects.filter(_here(actor), pk__in=_own(actor).values("review_id"))
    return sorted(rows.order_by("-due_at", "pk")[:100], key=lambda review: (not review.is_open, review.due_at))


def own_review(actor: Actor, review_id: UUID) -> Review:
    """One of them; `NotFound` for one in which nothing is for `actor` to decide."""
    found = _own(actor).select_related("review").filter(review_id=review_id).first()
    if found is None:
        raise NotFound
    return found.review


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is."""

    total: int = 0
    undecided: int = 0
    kept: int = 0
    revoked: int = 0
    failed: int = 0

    @property
    def decided(self) -> int:
        """How many are decided, by somebody or by rule."""
        return self.total - self.undecided

    @property
    def percent(self) -> int:
        """Whole percent of what is decided; never 100 while something is left."""
        return self.decided * 100 // self.total if self.total else 0


def progress(found: Iterable[Review], own: UUID | None = None) -> dict[UUID, Progress]:
    """How far the reviews are, or the part of each that the person `own` decides; one query. For whoever sees them."""
    rows = ReviewItem.objects.filter(review__in=list(found))
    if own is not None:
        rows = rows.filter(reviewers__contains=[own])
    outcome = ReviewItem.Outcome
    counted = rows.order_by().values("review_id")
    counts: Any = counted.annotate(
        total=Count("pk"),
        undecided=Count("pk", filter=Q(decision="")),
        kept=Count("pk", filter=Q(decision="keep")),
        revoked=Count("pk", filter=Q(decision="revoke")),
        failed=Count("pk", filter=Q(outcome__in=[outcome.FAILED, outcome.CHANGED])),
    )
    names = ("total", "undecided", "kept", "revoked", "failed")
    return {row["review_id"]: Progress(**{name: row[name] for name in names}) for row in counts}


def names_in(found: Sequence[ReviewItem]) -> dict[UUID, str]:
    """The names of everybody whom the items name; one query."""
    people: set[UUID | None] = set()
    for item in found:
        people |= {item.person_id, item.given_by, item.decided_by, *item.members, *item.reviewers}
    return names_of(key for key in people if key is not None)


def marks(found: Sequence[ReviewItem]) -> dict[UUID, str]:
    """Of items that are not settled: "gone" or "changed" where the thing is not what it was; at most three queries."""
    waiting = [item for item in found if item.outcome in {"", ReviewItem.Outcome.KEPT, ReviewItem.Outcome.FAILED}]
    now = held_now(waiting)
    said = {}
    for item in waiting:
        row = now.get(item.source_id)
        if row is None:
            said[item.pk] = "gone"
        elif has_changed(item, row):
            said[item.pk] = "changed"
    return said


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a review would be about."""

    items: int
    people: int
    teams: int
    reviewers: int
    by_rule: int
    too_many: bool


def forecast(actor: Actor, draft: ReviewDraft) -> Forecast:
    """What a review would be about if it started now, for who may start it; nothing is written."""
    if not can(actor, running_code(actor)):
        raise NotFound
    found = snapshot(draft, actor.organisation_id)
    return Forecast(
        items=len(found),
        people=len({item.person_id for item in found if item.person_id is not None}),
        teams=len({item.team_id for item in found if item.team_id is not None}),
        reviewers=len({key for item in found for key in item.reviewers if not item.by_rule}),
        by_rule=sum(item.by_rule for item in found),
        too_many=len(found) > MOST_ITEMS,
    )


def places(actor: Actor) -> list[tuple[Scope, str]]:
    """The parts of the organisation that a review can be about; none on the installation."""
    return [(scope, name) for scope, name in places_here(actor) if scope.kind != Scope.Kind.ORGANISATION]


def place(actor: Actor, scope_id: UUID) -> Scope | None:
    """A part of the organisation of `actor`, None for any other."""
    if actor.organisation_id is None:
        return None
    return Scope.objects.filter(pk=scope_id, organisation_id=actor.organisation_id).first()


def roles(actor: Actor) -> list[Role]:
    """The roles that a review can be about, highest first."""
    if actor.organisation_id is None:
        return platform_roles() if can(actor, RUN_PLATFORM) else []
    return list(roles_here(actor).order_by("-rank", "label", "pk"))


def people(actor: Actor) -> list[tuple[UUID, str]]:
    """Who can be named as the reviewer: active members, or who administers roles of the installation."""
    if actor.organisation_id is not None:
        return people_here(actor)
    if not can(actor, RUN_PLATFORM):
        return []
    named = names_of(reviewers_of_last_resort(None))
    return sorted(named.items(), key=lambda row: row[1])


def place_label(scope: Scope) -> str:
    """What a part is called."""
    return place_names([scope]).get(scope.pk, "")
