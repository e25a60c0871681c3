"""What the job of reviews does: reminders, other reviewers where the former have left, and the end at the due date.

Each step takes one review whose row nobody else holds, so that two runs at once do it once.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac.models import INSTALLATION, Review, ReviewItem
from rbac.review_snapshot import Pool, assign
from rbac.services.review_letters import review_told
from rbac.services.reviews import review_settle
from rbac.services.stamps import badge_changed
from rbac.standing import standing_on

RUN_BY = "job:admin"


def reviews_due(*, actor: Actor) -> list[UUID]:
    """The reviews that have to end, by their due date or because somebody closed them; part of the job."""
    authorise(actor, RUN_BY)
    ending = Q(state=Review.State.CLOSING) | Q(state=Review.State.RUNNING, due_at__lte=clock.now())
    return list(Review.objects.filter(ending).order_by("due_at", "pk").values_list("pk", flat=True))


def review_end_step(*, actor: Actor, review_id: UUID) -> bool:
    """Settle a batch of a review that has to end; returns whether there is nothing left to do. Idempotent."""
    authorise(actor, RUN_BY)
    with writing():
        review = _held(review_id)
        if review is None or review.state == Review.State.CLOSED:
            return True
        if review.is_open and review.due_at > clock.now():
            return True
        with standing_on(review.organisation_id or INSTALLATION):
            return review_settle(review=review)


def reviews_running(*, actor: Actor) -> list[UUID]:
    """The reviews that are not over; part of the job."""
    authorise(actor, RUN_BY)
    rows = Review.objects.filter(state=Review.State.RUNNING, due_at__gt=clock.now())
    return list(rows.order_by("pk").values_list("pk", flat=True))


def review_care(*, actor: Actor, review_id: UUID) -> int:
    """Give items whose reviewers have all left to others, and remind when a day of reminders has come; returns how many
    people were told. Each reminder once. Events `rbac.review.assigned` and `.reminded`."""
    authorise(actor, RUN_BY)
    with writing():
        review = _held(review_id)
        if review is None or not review.is_open or review.due_at <= clock.now():
            return 0
        with standing_on(review.organisation_id or INSTALLATION):
            _reassign(review)
            days = _reminder(review)
            if days is None:
                return 0
            review.reminded_days = days
            review.save(update_fields=["reminded_days"])
            told = review_told(review=review, act="reminded")
            record("rbac.review.reminded", target=review, data={"days": days, "people": told})
    return told


def _reminder(review: Review) -> int | None:
    """How many days before the due date the reminder is that has to go out now; None for none. Of several only the
    nearest, and none that a review is too short for."""
    left, span = review.due_at - clock.now(), review.due_at - review.created_at
    reached = [days for days in review.remind_days if left <= timedelta(days=days) < span]
    if not reached or (review.reminded_days is not None and review.reminded_days <= min(reached)):
        return None
    return min(reached)


def _held(review_id: UUID) -> Review | None:
    rows = Review.objects.select_for_update(no_key=True, skip_locked=True)
    return rows.filter(pk=review_id).first()


def _reassign(review: Review) -> None:
    """Who left the organisation decides nothing any more."""
    items = list(ReviewItem.objects.filter(review=review, decision=""))
    pool = Pool(review.organisation_id, review.reviewers, review.reviewer_id)
    active = pool.active({key for item in items for key in item.reviewers})
    orphans = [item for item in items if not active.intersection(item.reviewers)]
    before = [item.reviewers for item in orphans]
    assign(orphans, pool)
    moved = [item for item, was in zip(orphans, before, strict=True) if item.reviewers and item.reviewers != was]
    if moved:
        ReviewItem.objects.bulk_update(moved, ["reviewers"])
        badge_changed(root=review.organisation_id or INSTALLATION)
        record("rbac.review.assigned", target=review, data={"items": len(moved)})
