"""Access reviews of the demonstration: one that is closed, with a role revoked, and one that runs."""

from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock, context
from portal.kit.context import Actor
from rbac.holders import Holder
from rbac.models import Review, ReviewItem, Role, Scope, Team
from rbac.previews import names_of
from rbac.review_snapshot import ReviewDraft
from rbac.services.access import access_give
from rbac.services.reviews import review_close, review_decide, review_start
from rbac.standing import standing_on

DUE = timedelta(days=14)


def demo_reviews_load(*, organisation_id: UUID, now: datetime) -> None:
    """Give some roles of the sample products and review them, over the days before `now`.

    Part of the service that loads the demonstration, after teams and workspaces. Whoever acts there has to hold the
    rights; the reviewers decide by themselves. Events as of the services.
    """
    with standing_on(organisation_id):
        roles = {role.code: role for role in Role.objects.filter(catalogue="product")}
        whole = Scope.objects.get(pk=organisation_id)
        field = Team.objects.get(organisation_id=organisation_id, slug="field")
        people = field.members.filter(user__is_active=True).order_by("user__username")[:3]
        with clock.at(now - timedelta(days=12)):
            for team, code in (("lab", "developer"), ("field", "operator")):
                holder = Holder(team=Team.objects.get(organisation_id=organisation_id, slug=team))
                _give(holder, roles[code], whole, "Works with it every day")
            for member in list(people):
                _give(Holder(person_id=member.user_id), roles["auditor"], whole, "Audit of last year")
        with clock.at(now - timedelta(days=10)):
            closed = _start(organisation_id, "Spring review", roles=(roles["auditor"], roles["operator"]))
        with clock.at(now - timedelta(days=9)):
            _decide(closed, "revoke", 1, "The audit is over")
            _decide(closed, "keep", 2, "")
        with clock.at(now - timedelta(days=8)):
            review_close(actor=context.actor(), review=closed)
        with clock.at(now - timedelta(days=2)):
            running = _start(organisation_id, "Autumn review")
        with clock.at(now - timedelta(days=1)):
            _decide(running, "keep", 4, "")


def _give(holder: Holder, role: Role, scope: Scope, reason: str) -> None:
    access_give(actor=context.actor(), holder=holder, role=role, scope=scope, reason=reason)


def _start(organisation_id: UUID, name: str, roles: tuple[Role, ...] = ()) -> Review:
    draft = ReviewDraft(name, clock.now() + DUE, roles=roles)
    return review_start(actor=context.actor(), organisation_id=organisation_id, draft=draft)


def _decide(review: Review, decision: str, number: int, words: str) -> None:
    """The first reviewer of the first undecided item decides about so many."""
    waiting = list(ReviewItem.objects.filter(review=review, decision="").order_by("label", "pk"))
    if not waiting:
        return
    person_id = waiting[0].reviewers[0]
    chosen = [item.pk for item in waiting if person_id in item.reviewers][:number]
    who = Actor("person", person_id, names_of([person_id]).get(person_id, ""), review.organisation_id)
    with context.acting(who):
        review_decide(actor=who, review=review, item_ids=chosen, decision=decision, words=words)
