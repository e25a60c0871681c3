"""What becomes of the items of a review: decisions are carried out by the services that take access, with the rights of
who decided, one by one; one that cannot be carried out says why and holds up no other."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.decision import member_remove
from portal.kit.errors import NotFound, StewardError
from rbac.epochs import mark_changed
from rbac.errors import LastAdministrator, LastOwner
from rbac.models import INSTALLATION, Binding, Review, ReviewItem
from rbac.previews import names_of
from rbac.review_snapshot import Held, has_changed, held_now, is_membership
from rbac.services.access import access_take
from rbac.services.bindings import binding_revoke
from rbac.services.grants import grant_take

OUTCOME = ReviewItem.Outcome
WRITTEN = (
    "decision",
    "by_rule",
    "decided_by",
    "decided_scopes",
    "decided_at",
    "words",
    "outcome",
    "outcome_text",
    "outcome_at",
)


def items_carry_out(*, review: Review, items: Iterable[ReviewItem]) -> None:
    """Carry out what was decided for these items, each with the rights of who decided, and write the outcomes.

    Part of the services of reviews, which hold the review. Events and mails as of the services that take access.
    """
    # Memberships first: they lock the organisation before its scope, as everybody does who removes a member.
    rows = sorted(items, key=lambda item: (not item.is_membership, item.pk))
    known = held_now(rows)
    for item in rows:
        now = known.get(item.source_id)
        item.outcome, item.outcome_text = _outcome(review, item, now)
        item.outcome_at = clock.now()
    ReviewItem.objects.bulk_update(rows, WRITTEN)
    mark_changed()  # Each was carried out in a context of its own, which remembered for itself alone.


def _outcome(review: Review, item: ReviewItem, now: Held | None) -> tuple[str, str]:
    if now is None:
        return OUTCOME.GONE, _("It was taken away before.")
    if item.decision == ReviewItem.Decision.KEEP:
        return OUTCOME.KEPT, item.outcome_text if item.by_rule else ""
    changed = has_changed(item, now)
    if item.by_rule and changed:
        return OUTCOME.CHANGED, _("It was changed since the review started, so the due date did not take it.")
    try:
        with transaction.atomic():
            _take(review, item, now)
    except NotFound:
        return OUTCOME.GONE, _("It was taken away before.")
    except (LastOwner, LastAdministrator):
        item.decision, item.by_rule = ReviewItem.Decision.KEEP, True
        return OUTCOME.KEPT, _("The last one of its kind stays: there has to be somebody.")
    except StewardError as error:
        return OUTCOME.FAILED, f"{error.title}. {error.detail}"[:300]
    return OUTCOME.REVOKED, _("Its end was changed after the review started.") if changed else ""


def _take(review: Review, item: ReviewItem, now: Held) -> None:
    reason = _("Access review “%(name)s”") % {"name": review.name}
    reason = (f"{reason}: {item.words}" if item.words else reason)[:300]
    actor = _decider(review, item)
    with context.acting(actor):
        if not isinstance(now, Binding):
            grant_take(actor=actor, grant=now, reason=reason)
        elif now.scope_id == INSTALLATION and now.user_id is not None:
            binding_revoke(actor=actor, person_id=now.user_id, role=now.role, reason=reason)
        elif is_membership(now) and now.user_id is not None:
            member_remove(actor=actor, organisation_id=now.scope_id, person_id=now.user_id, reason=reason)
        else:
            access_take(actor=actor, binding=now, reason=reason)


def _decider(review: Review, item: ReviewItem) -> Actor:
    """Who decided, or for a rule who started the review: their rights of this moment count, whoever carries it out."""
    person_id, scopes = item.decided_by, item.decided_scopes
    if item.by_rule:
        person_id, scopes = review.started_by, review.started_scopes
    if person_id is None:
        return Actor("system", None, "system")
    now = context.actor()
    if now.id == person_id and now.organisation_id == review.organisation_id and now.scopes is None and scopes is None:
        return now
    label = names_of([person_id]).get(person_id, "")
    return Actor(
        "person", person_id, label, review.organisation_id, None, None if scopes is None else frozenset(scopes)
    )
