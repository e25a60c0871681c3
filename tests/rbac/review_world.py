"""What tests of access reviews make: a review of a house, and the items of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from portal.kit import clock, context
from rbac import services
from rbac.holders import Holder
from rbac.models import Review, ReviewItem, UserGrant
from rbac.review_snapshot import ReviewDraft
from rbac.services.review_jobs import review_care, review_end_step, reviews_due, reviews_running
from rbac.services.reviews import Tally, review_decide, review_start
from tests.accounts.organisation_world import House
from tests.rbac.roles_world import make_resource


def draft(**values: Any) -> ReviewDraft:
    """A review that lasts two weeks, decided by the owners."""
    return ReviewDraft(**{"name": "Autumn review", "due_at": clock.now() + timedelta(days=14), **values})


def start(house: House, by: User | None = None, **values: Any) -> Review:
    """A review of the house, started by its owner unless told otherwise."""
    actor = house.inside(by or house.owner)
    with context.acting(actor):
        return review_start(actor=actor, organisation_id=house.id, draft=draft(**values))


def item_of(review: Review, source: Any) -> ReviewItem:
    """The item about a binding or grant, as it is now."""
    return ReviewItem.objects.get(review=review, source_id=source.pk)


def membership_item(review: Review, user: User) -> ReviewItem:
    """The item about a person's lasting role."""
    return ReviewItem.objects.get(review=review, person_id=user.pk, is_membership=True)


def decide(house: House, user: User, review: Review, decision: str, *items: ReviewItem, words: str = "") -> Tally:
    """A decision of a member."""
    actor = house.inside(user)
    keys: list[UUID] = [item.pk for item in items]
    with context.acting(actor):
        return review_decide(actor=actor, review=review, item_ids=keys, decision=decision, words=words)


def grant(house: House, user: User) -> UserGrant:
    """A right on a new project, given by the owner."""
    actor = house.inside(house.owner)
    with context.acting(actor):
        found = services.grant_give(
            actor=actor,
            holder=Holder(person_id=user.pk),
            code="product/project:read",
            target=make_resource(house),
            reason="For the survey",
        )
    assert isinstance(found, UserGrant)
    return found


def tend() -> int:
    """What the job does in one run; how many people were told."""
    with context.system("a test") as current:
        told = sum(review_care(actor=current.actor, review_id=key) for key in reviews_running(actor=current.actor))
        for key in reviews_due(actor=current.actor):
            while not review_end_step(actor=current.actor, review_id=key):
                pass
    return told
