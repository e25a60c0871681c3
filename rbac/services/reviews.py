"""Access reviews: starting, deciding and closing them.

In an organisation `role:assign` runs them, on the installation `role:admin`. The reviewers that an item names decide it,
whatever else they may do; what a decision takes is taken with their own rights.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import record
from portal.kit.services import writing
from rbac.access_selectors import place_names
from rbac.errors import NotTheReviewer, ReviewEmpty, ReviewOver, ReviewSettled, ReviewTooLarge
from rbac.holders import active_members
from rbac.models import INSTALLATION, Review, ReviewItem
from rbac.review_snapshot import (
    MOST_ITEMS,
    ReviewDraft,
    concerned,
    members_of,
    people_only,
    reviewers_of_last_resort,
    snapshot,
)
from rbac.services.keepers import scope_lock
from rbac.services.review_items import WRITTEN, items_carry_out
from rbac.services.review_letters import review_told
from rbac.services.stamps import badge_changed
from rbac.tree_guards import authorise_here
from rbac.tree_rules import INVISIBLE

NAME_LIMIT, WORDS_LIMIT = 80, 300
LONGEST = timedelta(days=365)
MOST_REMINDERS, EARLIEST_REMINDER = 5, 90
BATCH = 200  # Items that are settled in one transaction.
DECISION = ReviewItem.Decision


@dataclass(frozen=True)
class Tally:
    """What came of deciding several items."""

    decided: int
    revoked: int
    failed: int


def review_start(*, actor: Actor, organisation_id: UUID | None, draft: ReviewDraft) -> Review:
    """Start a review: what is held now becomes its items, and the reviewers are told (`role:assign`; on the installation,
    without an organisation, `role:admin`). Event `rbac.review.started`.

    `Invalid` with fields, `ReviewEmpty`, `ReviewTooLarge`.
    """
    review_authorise(actor=actor, organisation_id=organisation_id)
    draft = _checked(draft, organisation_id)
    with writing():
        scope_lock(scope_id=organisation_id or INSTALLATION)  # Nobody gives or takes while it is written down.
        items = snapshot(draft, organisation_id)
        if not items:
            raise ReviewEmpty
        if len(items) > MOST_ITEMS:
            raise ReviewTooLarge
        review = Review.objects.create(
            organisation_id=organisation_id,
            name=draft.name,
            place_id=draft.place.pk if draft.place is not None else None,
            place_name=place_names([draft.place])[draft.place.pk] if draft.place is not None else "",
            role_ids=[role.pk for role in draft.roles],
            role_names=[role.label for role in draft.roles],
            reviewers=draft.reviewers,
            reviewer_id=draft.reviewer_id,
            undecided=draft.undecided,
            applies=draft.applies,
            due_at=draft.due_at,
            remind_days=sorted(set(draft.remind_days), reverse=True),
            started_by=actor.id,
            started_scopes=None if actor.scopes is None else sorted(actor.scopes),
        )
        for item in items:
            item.review = review
        ReviewItem.objects.bulk_create(items, batch_size=500)
        badge_changed(root=organisation_id or INSTALLATION)
        record("rbac.review.started", target=review, data={"items": len(items), "due": review.due_at.isoformat()})
        review_told(review=review, act="asked")
    return review


def review_decide(*, actor: Actor, review: Review, item_ids: Sequence[UUID], decision: str, words: str = "") -> Tally:
    """Keep or revoke some items of a review, all of them or none; `words` say why. Event `rbac.review.decided`.

    Only by their reviewers and never about oneself (`NotTheReviewer`), until it is closed (`ReviewOver`); what was kept
    can be decided again, what was revoked not (`ReviewSettled`). Where the review applies decisions at once they are
    carried out here, with the rights of `actor`; one that fails is an outcome of its item.
    """
    if decision not in DECISION.values:
        raise errors.Invalid(fields={"decision": [_("Choose keep or revoke.")]})
    words = _clean(words, "words", WORDS_LIMIT)
    wanted = set(item_ids)
    if not 0 < len(wanted) <= BATCH:
        raise errors.Invalid(fields={"items": [_("Choose 1 to %(n)d items at once.") % {"n": BATCH}]})
    _authorise_reviewer(actor, review.organisation_id)
    with writing():
        review = _locked(review.pk)
        if not review.is_open or review.due_at <= clock.now():
            raise ReviewOver
        items = list(ReviewItem.objects.select_related("review").filter(review=review, pk__in=wanted))
        if len(items) != len(wanted):
            raise NotFound
        inside = members_of([item.team_id for item in items if item.team_id is not None])
        for item in items:
            _check_reviewer(actor, item, inside)
            item.decision, item.by_rule, item.words = decision, False, words
            item.decided_by, item.decided_at = actor.id, clock.now()
            item.decided_scopes = None if actor.scopes is None else sorted(actor.scopes)
            item.outcome, item.outcome_text, item.outcome_at = "", "", None
        if review.applies == Review.Applies.AT_ONCE:
            items_carry_out(review=review, items=items)
        else:
            ReviewItem.objects.bulk_update(items, WRITTEN)
        tally = _tally(items)
        badge_changed(root=review.organisation_id or INSTALLATION)
        record(
            "rbac.review.decided",
            target=review,
            reason=words,
            data={
                "items": len(items),
                "decision": decision,
                "ids": [str(item.pk) for item in items],
                "revoked": tally.revoked,
                "failed": tally.failed,
            },
        )
    return tally


def review_close(*, actor: Actor, review: Review) -> Review:
    """End a review before its due date: what nobody decided is kept or revoked as it says. Event `rbac.review.closed`.

    Who may run reviews may; `ReviewOver` for one that is over. What is left after one batch is done by the job of reviews,
    within minutes.
    """
    review_authorise(actor=actor, organisation_id=review.organisation_id)
    with writing():
        review = _locked(review.pk)
        if not review.is_open:
            raise ReviewOver
        review.state, review.closed_by = Review.State.CLOSING, actor.id
        review.save(update_fields=["state", "closed_by"])
        review_settle(review=review)
    return review


def review_settle(*, review: Review) -> bool:
    """Settle up to a batch of items of a review that ends, and close it when none is left; returns whether it is closed.

    Part of `review_close` and of the job, which hold the row. What was decided is carried out with the rights of who
    decided, the rest as the review says, with those of who started it. Idempotent: settled items are left alone.
    """
    rest = Q(outcome="")
    if review.state == Review.State.RUNNING:
        review.state = Review.State.CLOSING
        review.save(update_fields=["state"])
    badge_changed(root=review.organisation_id or INSTALLATION)
    items = list(review.items.select_related("review").filter(rest).order_by("pk")[:BATCH])
    for item in items:
        if not item.decision:
            item.decision, item.by_rule, item.decided_at = review.undecided, True, clock.now()
            item.outcome_text = _("Nobody decided it by the end.")
    if items:
        items_carry_out(review=review, items=items)
        tally = _tally(items)
        told = {"items": len(items), "revoked": tally.revoked, "failed": tally.failed}
        record("rbac.review.settled", target=review, data=told)
    if review.items.filter(rest).exists():
        return False
    review.state, review.closed_at = Review.State.CLOSED, clock.now()
    review.save(update_fields=["state", "closed_at"])
    record("rbac.review.closed", target=review, data=_result(review))
    review_told(review=review, act="closed")
    return True


def review_authorise(*, actor: Actor, organisation_id: UUID | None) -> None:
    """Raise unless `actor` may run reviews here; `NotFound` for another organisation than the one it stands in."""
    if organisation_id is None:
        if actor.organisation_id is not None:
            raise NotFound
        authorise(actor, "role:admin")
    else:
        authorise_here(actor, "role:assign", organisation_id)


def reviews_purge(*, organisation_id: UUID) -> int:
    """Take away every review of an organisation that is itself removed, and that nobody belongs to any more; part of that
    service, which records it. The database does it, and for nobody else. Returns how many there were."""
    with writing(), connection.cursor() as cursor:
        cursor.execute("SELECT rbac_reviews_purge(%s)", [organisation_id])
        return int(cursor.fetchone()[0])


def _authorise_reviewer(actor: Actor, organisation_id: UUID | None) -> None:
    if organisation_id is None:
        review_authorise(actor=actor, organisation_id=None)
    else:
        authorise_here(actor, "member:read", organisation_id)


def _locked(review_id: UUID) -> Review:
    found = Review.objects.select_for_update(no_key=True).filter(pk=review_id).first()
    if found is None:
        raise NotFound
    return found


def _check_reviewer(actor: Actor, item: ReviewItem, inside: Mapping[UUID, list[UUID]]) -> None:
    """The database says no to oneself as well; who came into a team since the start is found in `inside`."""
    own = concerned(item) | (set(inside.get(item.team_id, [])) if item.team_id is not None else set())
    if actor.id is None or actor.id not in item.reviewers or actor.id in own:
        raise NotTheReviewer
    if item.is_settled:
        raise ReviewSettled


def _checked(draft: ReviewDraft, organisation_id: UUID | None) -> ReviewDraft:
    wrong: dict[str, list[str]] = {}
    now = clock.now()
    name = draft.name.strip()
    if not name or len(name) > NAME_LIMIT or INVISIBLE.search(name):
        wrong["name"] = [_("Write a name of at most %(n)s characters in one line.") % {"n": NAME_LIMIT}]
    if not now < draft.due_at <= now + LONGEST:
        wrong["due_at"] = [_("Choose a moment within the next year.")]
    days = set(draft.remind_days)
    if len(days) > MOST_REMINDERS or any(not 1 <= day <= EARLIEST_REMINDER for day in days):
        text = _("Name at most %(most)d numbers of days from 1 to %(days)d.")
        wrong["remind_days"] = [text % {"most": MOST_REMINDERS, "days": EARLIEST_REMINDER}]
    for field, choices in (
        ("reviewers", Review.Reviewers.values),
        ("undecided", Review.Undecided.values),
        ("applies", Review.Applies.values),
    ):
        if getattr(draft, field) not in choices:
            wrong[field] = [_("Choose one of: %(values)s.") % {"values": ", ".join(choices)}]
    named = draft.reviewers == Review.Reviewers.PERSON
    if named != (draft.reviewer_id is not None) or (named and not _can_review(draft.reviewer_id, organisation_id)):
        wrong["reviewer_id"] = [_("Name an active member who shall decide, or choose other reviewers.")]
    if draft.place is not None and (organisation_id is None or draft.place.organisation_id != organisation_id):
        wrong["place_id"] = [_("Choose a part of this organisation.")]
    if wrong:
        raise errors.Invalid(fields=wrong)
    return ReviewDraft(**{**draft.__dict__, "name": name})


def _can_review(person_id: UUID | None, organisation_id: UUID | None) -> bool:
    if person_id is None or not people_only([person_id]):
        return False
    if organisation_id is None:
        return person_id in reviewers_of_last_resort(None)
    return bool(active_members(organisation_id, [person_id]))


def _clean(text: str, field: str, limit: int) -> str:
    text = text.strip()
    if len(text) > limit or INVISIBLE.search(text):
        raise errors.Invalid(fields={field: [_("Write at most %(n)s characters in one line.") % {"n": limit}]})
    return text


def _tally(items: Iterable[ReviewItem]) -> Tally:
    outcomes = [item.outcome for item in items]
    outcome = ReviewItem.Outcome
    return Tally(len(outcomes), outcomes.count(outcome.REVOKED), outcomes.count(outcome.FAILED))


def _result(review: Review) -> dict[str, int]:
    rows = list(review.items.values_list("outcome", flat=True))
    return {"items": len(rows)} | {name: rows.count(name) for name in ReviewItem.Outcome.values}
